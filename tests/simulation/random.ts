/** A seeded sequence of random choices (mulberry32). */
export interface Random {
  /** From 0 up to but not including `below`. */
  below(below: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** True in `percent` of a hundred. */
  chance(percent: number): boolean;
  /** Up to `most` of the items, perhaps one twice. */
  some<Item>(items: readonly Item[], most: number): Item[];
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (most: number) => Math.floor(next() * most);
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[below(items.length)];
    if (item === undefined) throw new Error('The list to pick from is empty.');
    return item;
  };
  return {
    below,
    pick,
    chance: (percent) => below(100) < percent,
    some: (items, most) => Array.from({ length: below(most + 1) }, () => pick(items)),
  };
}
