import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedMap, type Entry } from './bounded-map.ts';

interface Numbered extends Entry {
  readonly number: number;
}

const entryOf = (key: string, number = 0): Numbered => ({ key, number, slot: 0, isReferenced: false });

/** As its users do: an existing key is replaced. */
function put(map: BoundedMap<Numbered>, entry: Numbered): Numbered | undefined {
  const former = map.get(entry.key);
  if (former !== undefined) map.delete(former);
  return map.add(entry);
}

test('entries that are read are not evicted, however many others are added', () => {
  const map = new BoundedMap<Numbered>(1000);
  for (let index = 0; index < 500; index++) put(map, entryOf(`wanted ${index}`));
  for (let index = 0; index < 20_000; index++) {
    map.get(`wanted ${index % 500}`);
    put(map, entryOf(`passing ${index}`));
  }
  for (let index = 0; index < 500; index++) expect(map.get(`wanted ${index}`)).toBeDefined();
  expect(map.size).toBe(1000);
});

test('when every entry is referenced, one is evicted all the same', () => {
  const map = new BoundedMap<Numbered>(5000);
  for (let index = 0; index < 5000; index++) put(map, entryOf(`key ${index}`));
  for (let index = 0; index < 5000; index++) map.get(`key ${index}`);
  const evicted = put(map, entryOf('one more'));
  expect(evicted?.key).toMatch(/^key /);
  expect(map.get(evicted?.key ?? '')).toBeUndefined();
  expect(map.get('one more')).toBeDefined();
});

test('sweeps advance step by step and remove every expired entry', () => {
  const map = new BoundedMap<Numbered>(1000);
  for (let index = 0; index < 100; index++) put(map, entryOf(`key ${index}`, index));
  const isOdd = ({ number }: Numbered) => number % 2 === 1;
  map.sweep(10, isOdd);
  expect(map.size).toBeGreaterThanOrEqual(90);
  for (let step = 0; step < 20; step++) map.sweep(10, isOdd);
  expect(map.size).toBe(50);
  for (let index = 0; index < 100; index++)
    expect(map.get(`key ${index}`) === undefined).toBe(index % 2 === 1);
});

test('it holds the entries added last, up to its capacity, and returns what it evicts', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
  const step = fc.record({
    do: fc.constantFrom('put', 'put', 'get', 'delete', 'sweep', 'clear'),
    key,
    number: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 80 }), (maxSize, steps) => {
      const map = new BoundedMap<Numbered>(maxSize);
      const model = new Map<string, number>();
      for (const { do: what, key: name, number } of steps) {
        const known = map.get(name);
        expect(known?.number).toBe(model.get(name));
        if (what === 'put') {
          const evicted = put(map, entryOf(name, number));
          if (evicted !== undefined) {
            expect(model.size).toBe(maxSize);
            expect(model.delete(evicted.key)).toBe(true);
          }
          model.set(name, number);
        } else if (what === 'delete' && known !== undefined) {
          map.delete(known);
          model.delete(name);
        } else if (what === 'sweep') {
          map.sweep(maxSize, (entry) => {
            if (entry.number !== number) return false;
            return model.delete(entry.key);
          });
        }
        if (what === 'clear' && number === 0) {
          map.clear();
          model.clear();
        }
        expect(map.size).toBe(model.size);
        expect(map.size).toBeLessThanOrEqual(maxSize);
      }
      for (const [name, number] of model) expect(map.get(name)?.number).toBe(number);
    }),
    { seed: 3, numRuns: 500 },
  );
});
