/** The wanted items that are missing, and the current items that are not wanted. */
export function difference<Item extends { readonly id: string }>(
  current: readonly Item[],
  wanted: readonly Item[],
): { added: Item[]; removed: Item[] } {
  const currentIds = new Set(current.map(({ id }) => id));
  const wantedIds = new Set(wanted.map(({ id }) => id));
  return {
    added: wanted.filter(({ id }) => !currentIds.has(id)),
    removed: current.filter(({ id }) => !wantedIds.has(id)),
  };
}
