import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShardedMap } from './sharded-map.ts';

test('it is a map, in any number of shards', () => {
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
