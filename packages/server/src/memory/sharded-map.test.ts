import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { ShardedMap, shardOf } from './sharded-map.ts';

test('it behaves like a Map, with any number of shards', () => {
  const key = fc.constantFrom('', 'a', 'b', 'aa', 'ab', 'key_1', 'key_2', 'a\0b', '🚀', 'é');
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), key, value: fc.nat() }),
    fc.record({ do: fc.constant('delete' as const), key, value: fc.nat() }),
    fc.record({ do: fc.constantFrom('clear' as const), key, value: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.constantFrom(1, 5000, 1_000_000), fc.array(step, { maxLength: 60 }), (size, steps) => {
      const sharded = new ShardedMap<number>(size);
      const plain = new Map<string, number>();
      for (const { do: what, key: name, value } of steps) {
        if (what === 'set') {
          sharded.set(name, value);
          plain.set(name, value);
        } else if (what === 'delete') {
          sharded.delete(name);
          plain.delete(name);
        } else if (value % 5 === 0) {
          sharded.clear();
          plain.clear();
        }
        expect(sharded.get(name)).toBe(plain.get(name));
        expect(sharded.size).toBe(plain.size);
      }
      expect(new Map(sharded)).toEqual(plain);
    }),
    { seed: 3, numRuns: 300 },
  );
});

const shards = 64;
const count = 32_768;

test.each<[string, (index: number) => string]>([
  ['begin alike', (index) => `${'a'.repeat(200)}${index}`],
  ['end alike', (index) => `${index}${'z'.repeat(200)}`],
  ['differ in one character', (index) => `user_${String.fromCharCode(index)}@example.com`],
  ['differ in the upper byte of characters', (index) => pairs(index, ['\u0041', '\u0141'])],
  ['are made of two characters', (index) => pairs(index, ['a', 'b'])],
  ['are made of U+0000', (index) => '\0'.repeat(index % 2000) + Math.floor(index / 2000)],
  ['are permutations of two blocks', (index) => pairs(index, ['ab', 'ba'])],
])('keys that %s spread over all shards', (_, keyAt) => {
  const sizes = new Array<number>(shards).fill(0);
  for (let index = 0; index < count; index++) {
    const shard = shardOf(keyAt(index), shards);
    sizes[shard] = (sizes[shard] ?? 0) + 1;
  }
  expect(Math.max(...sizes)).toBeLessThan((4 * count) / shards);
});

test('every process has a seed of its own', async () => {
  const shardsOf = (of: typeof shardOf) => Array.from({ length: 20 }, (_, index) => of(`key ${index}`, 1000));
  vi.resetModules();
  const { shardOf: ofAnotherProcess } = await import('./sharded-map.ts');
  expect(shardsOf(shardOf)).toEqual(shardsOf(shardOf));
  expect(shardsOf(ofAnotherProcess)).not.toEqual(shardsOf(shardOf));
});

/** The bits of a number, as one of two texts each. */
function pairs(index: number, [zero, one]: [string, string]): string {
  return Array.from({ length: 15 }, (_, bit) => ((index >> bit) & 1 ? one : zero)).join('');
}
