import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonBytes } from './json-bytes.ts';

const values = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', 'é', '😀', '\ud800') }),
  fc.maxSafeInteger(),
  fc.integer({ min: -2, max: 100_001 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(null),
);

function write(json: JsonBytes, value: string | number | null): void {
  if (typeof value === 'number') json.number(value);
  else json.stringOrNull(value);
}

test('strings and numbers are written as JSON.stringify would, list after list', () => {
  const json = new JsonBytes();
  fc.assert(
    fc.property(fc.array(values), (list) => {
      for (const value of list) {
        json.raw(json.isEmpty ? '[' : ',');
        write(json, value);
      }
      const text = list.length === 0 ? '[]' : `${json.take()}]`;
      expect(text).toBe(JSON.stringify(list));
    }),
    { seed: 3, numRuns: 1000 },
  );
});

test.each([
  ['small numbers', (index: number) => index],
  ['large numbers', (index: number) => 1_000_000 + index],
  ['strings', (index: number) => `"${index}"`],
  ['nothing', () => null],
])('the room grows with what is written: %s', (_, memberAt) => {
  const json = new JsonBytes();
  const list = Array.from({ length: 30_000 }, (_, index) => memberAt(index));
  for (const value of list) {
    if (json.isEmpty) json.raw('[');
    else json.comma();
    write(json, value);
  }
  json.raw(']');
  expect(json.take()).toBe(JSON.stringify(list));
});
