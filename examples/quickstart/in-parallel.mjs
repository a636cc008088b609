const atOnce = 32;

/** Works on all items, a few at once; the results are in the order of the items. */
export async function inParallel(items, work) {
  const results = new Array(items.length);
  const waiting = items.entries();
  const worker = async () => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
