import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TaggedCache } from './tagged-cache.ts';

const at = 0;

test('an entry is dropped by any of its tags, others remain', () => {
  const cache = new TaggedCache<number>(10);
  cache.set('a', { value: 1, at }, ['key_1', 'ws_1']);
  cache.set('b', { value: 2, at }, ['key_2', 'ws_1']);
  cache.set('c', { value: 3, at }, ['key_3', 'ws_2']);
  cache.drop('key_1');
  expect([cache.get('a')?.value, cache.get('b')?.value, cache.get('c')?.value]).toEqual([undefined, 2, 3]);
  cache.drop('ws_1');
  expect([cache.get('b')?.value, cache.get('c')?.value]).toEqual([undefined, 3]);
});

test('an entry that is not read is evicted for a new one', () => {
  const cache = new TaggedCache<number>(2);
  cache.set('a', { value: 1, at }, []);
  cache.set('b', { value: 2, at }, []);
  cache.get('a');
  cache.set('c', { value: 3, at }, []);
  expect([cache.get('a')?.value, cache.get('b')?.value, cache.get('c')?.value]).toEqual([1, undefined, 3]);
  expect(cache.size).toBe(2);
});

test('a replaced entry is not dropped by the tags of the former one', () => {
  const cache = new TaggedCache<number>(2);
  cache.set('a', { value: 1, at }, ['old']);
  cache.set('a', { value: 2, at }, ['new']);
  cache.drop('old');
  expect(cache.get('a')?.value).toBe(2);
});

test('an entry added after its tag was dropped is dropped by the next drop, and only then', () => {
  const cache = new TaggedCache<number>(10);
  cache.set('a', { value: 1, at }, ['ws_1']);
  cache.drop('ws_1');
  cache.set('b', { value: 2, at }, ['ws_1']);
  // Giving up the entry that was dropped must not take the new tag away.
  cache.delete('a');
  expect(cache.get('b')?.value).toBe(2);
  cache.drop('ws_1');
  expect(cache.get('b')).toBeUndefined();
});

test('it returns the value set last and not dropped since; entries within the capacity are never lost', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const tag = fc.constantFrom('t', 'u', 'v', 'w');
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('set' as const), key, tags: fc.uniqueArray(tag, { maxLength: 3 }) }),
    fc.record({ do: fc.constantFrom('drop' as const), key, tags: fc.tuple(tag) }),
    fc.record({ do: fc.constantFrom('delete' as const, 'clear' as const), key, tags: fc.constant([]) }),
  );
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 3, 6), fc.array(step, { maxLength: 60 }), (maxSize, steps) => {
      const cache = new TaggedCache<number>(maxSize);
      const model = new Map<string, { value: number; tags: readonly string[] }>();
      for (const [value, { do: what, key: name, tags }] of steps.entries()) {
        if (what === 'set') {
          cache.set(name, { value, at }, tags);
          model.set(name, { value, tags });
        } else if (what === 'drop') {
          const [dropped] = tags;
          cache.drop(dropped ?? '');
          for (const [other, known] of model) if (known.tags.includes(dropped ?? '')) model.delete(other);
        } else if (what === 'delete') {
          cache.delete(name);
          model.delete(name);
        } else {
          cache.clear();
          model.clear();
        }
        for (const other of ['a', 'b', 'c', 'd', 'e', 'f']) {
          const served = cache.get(other)?.value;
          // Six keys and six places: nothing has to make room.
          if (served !== undefined || maxSize === 6) expect(served).toBe(model.get(other)?.value);
        }
        if (what === 'set') expect(cache.get(name)?.value).toBe(value);
        expect(cache.size).toBeLessThanOrEqual(maxSize);
      }
    }),
    { seed: 3, numRuns: 500 },
  );
});
