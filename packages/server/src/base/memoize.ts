/** Memoizes a pure function of a text. The cache is cleared when it holds `maxSize` results. */
export function memoize<Result>(
  compute: (text: string) => Result,
  maxSize: number,
): (text: string) => Result {
  const cache = new Map<string, Result>();
  return (text) => {
    const cached = cache.get(text);
    if (cached !== undefined) return cached;
    const result = compute(text);
    if (cache.size >= maxSize) cache.clear();
    cache.set(text, result);
    return result;
  };
}
