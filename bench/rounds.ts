/** Values of each candidate, one per round, in order. */
export type Rounds<Name extends string, Value> = { readonly [Key in Name]: readonly Value[] };

/**
 * Measures the candidates in turn, A B C A B C, so that other work on the machine affects all of them. Every other round
 * runs backwards, so that no candidate always follows the same one. The first round is a warm-up and is dropped.
 */
export async function interleave<Name extends string, Value>(
  candidates: { readonly [Key in Name]: () => Value | Promise<Value> },
  rounds: number,
): Promise<Rounds<Name, Value>> {
  const order = Object.keys(candidates) as Name[];
  const values = Object.fromEntries(order.map((name) => [name, []])) as unknown as Record<Name, Value[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 === 0 ? order : order.toReversed()) {
      const value = await candidates[name]();
      if (round > 0) values[name].push(value);
    }
  }
  return values;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = low] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return (low + high) / 2;
}

/** Median of the ratios within each round: a disturbance of a whole round cancels out. */
export function medianRatio(values: readonly number[], baselines: readonly number[]): number {
  return median(values.map((value, round) => value / (baselines[round] ?? Number.NaN)));
}
