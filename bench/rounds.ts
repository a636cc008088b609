/** Values of each candidate, one a round, in the order of the rounds. */
export type Rounds<Name extends string, Value> = { readonly [Key in Name]: readonly Value[] };

/**
 * Measures the candidates in turns, A B C A B C, so that whatever else the machine does falls on all of them. Every
 * other round goes backwards: nobody always comes after the same one. A first round, which only warms up, is dropped.
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

/** The median of the ratios within the rounds: what slows a whole round cancels out. */
export function medianRatio(values: readonly number[], baselines: readonly number[]): number {
  return median(values.map((value, round) => value / (baselines[round] ?? Number.NaN)));
}
