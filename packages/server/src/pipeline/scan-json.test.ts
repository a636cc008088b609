import { issuesMax } from '@unkey-ts/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../../../../tests/any-text.ts';
import { scanJson } from './scan-json.ts';
import { textIssues } from './text-issues.ts';

function scan(text: string) {
  return scanJson(Buffer.from(text));
}

test.each([
  ['1', 0, 1],
  ['"[{,"', 0, 1],
  ['"\\"[["', 0, 1],
  ['[]', 1, 2],
  ['[1,2]', 1, 3],
  ['{"a":{"b":[1]},"c":2}', 3, 5],
  [`["${'x'.repeat(300)}[","${'y'.repeat(300)}\\"[",[[]]]`, 3, 6],
])('%s has %d levels, and at most %d values', (text, depth, values) => {
  expect(scan(text)).toMatchObject({ depth, values });
});

test.each([
  ['"\\u0000"', true],
  [`"${'x'.repeat(100)}\\u0000"`, true],
  ['"\\ud800"', true],
  ['"\\uDFFF"', true],
  ['"\\ud7ff"', false],
  ['"\\u0041"', false],
  ['"\\u0001"', false],
  ['"\\u0010"', false],
  ['"\\u0100"', false],
  ['"\\u1000"', false],
  ['"\\\\u0000"', false],
  ['1e999', true],
  ['[-1.5E+999]', true],
  ['1e99', false],
  ['1e-999', false],
  ['1'.repeat(309), true],
  ['1'.repeat(308), false],
  [`"${'1'.repeat(400)}"`, false],
])('%s is suspicious: %s', (text, isSuspicious) => {
  expect(scan(text).isSuspicious).toBe(isSuspicious);
});

const numbers = fc.constantFrom('1e400', '-1E+400', '9'.repeat(400), '1e308', '12.5e-400', '0', '1e000');
const texts = fc.oneof(
  anyText().map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\u0000"', '"\\ud800\\udc00"', '"\\uDC00"', '"\\\\"', `"${'n'.repeat(200)}\\ud800"`),
);
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    numbers,
    texts,
    fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join(', ')}]`),
    fc
      .array(fc.tuple(texts, tie('json')), { maxLength: 4 })
      .map((members) => `{${members.map(([name, value]) => `${name}: ${value}`).join(',')}}`),
  ),
}));

test('a text with a value that cannot be stored is always suspicious, and levels are counted', () => {
  fc.assert(
    fc.property(json, (text) => {
      const { depth, isSuspicious } = scan(text);
      const value: unknown = JSON.parse(text);
      if (textIssues(value).length > 0) expect(isSuspicious).toBe(true);
      expect(depth).toBeGreaterThanOrEqual(depthOf(value));
    }),
    { seed: 20260801, numRuns: 2000 },
  );
});

test('a body full of faults is refused with the first of them, as many as a response may have', () => {
  const bad = '\0';
  const items = Array.from({ length: 500 }, () => bad);
  const named = Object.fromEntries(items.map((text, index) => [`${text}${index}`, text]));
  for (const body of [items, named, { items }, [named, named]]) {
    expect(textIssues(body)).toHaveLength(issuesMax);
  }
  // The last one that there is room for is the name's, and its value has another.
  expect(textIssues([...items.slice(1 - issuesMax), { [bad]: bad }])).toHaveLength(issuesMax);
  expect(textIssues(items)[0]?.location).toBe('body[0]');
});

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
