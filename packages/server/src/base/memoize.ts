/** A pure function that is not asked twice for the same text. At its bound it forgets all and starts again. */
export function remembered<Result>(ask: (text: string) => Result, bound: number): (text: string) => Result {
  const known = new Map<string, Result>();
  return (text) => {
    const same = known.get(text);
    if (same !== undefined) return same;
    const result = ask(text);
    if (known.size >= bound) known.clear();
    known.set(text, result);
    return result;
  };
}
