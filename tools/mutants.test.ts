import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Accepted, isSame, mutantsOf, mutate } from './mutants.ts';

const changed = (text: string) => mutantsOf('a.ts', text).map((mutant) => mutate(text, mutant));

test.each([
  ['a < b', ['a <= b', 'a >= b']],
  ['a === b', ['a !== b']],
  ['a + b', ['a - b']],
  ['a && b', ['a || b']],
  ['a ?? b', ['a']],
  ['!a', ['a']],
  ['[true, 7]', ['[false, 7]', '[true, 8]']],
  ['a ? b : c', ['true ? b : c', 'false ? b : c']],
  ["query.where('a', '<=', b)", ["query.where('a', '<', b)", "query.where('a', '>', b)"]],
  ["'SELECT a FROM b WHERE c > 1'", ["'SELECT a FROM b WHERE c >= 1'", "'SELECT a FROM b WHERE c <= 1'"]],
  ['`UPDATE a SET b = $' + '{c} AND d`', ['`UPDATE a SET b <> $' + '{c} AND d`']],
])('the changes of %s', (expression, after) => {
  expect(changed(`x = ${expression};`)).toEqual(['{}', ...after.map((text) => `x = ${text};`)]);
});

test.each([
  ['if (a) b;', ['if (true) b;', 'if (false) b;', 'if (a) {}']],
  ['a();', ['{}']],
  ['function a() { return b; }', ['function a() {}']],
  ['const a = () => { b(); };', ['const a = () => {};', 'const a = () => { {} };']],
  ['let a = b++;', ['let a = b--;']],
])('the changes of %s', (text, after) => {
  expect(changed(text)).toEqual(after);
});

test('types, imports and sentences have none', () => {
  const text = `import { a } from 'b';
    interface C { readonly d: 1 | true; }
    const e = f as unknown as 2;
    const sentence = 'It is = and so on';`;
  expect(changed(text)).toEqual([]);
});

test('offsets count letters of any width', () => {
  expect(changed("const a = ['é', '😀', 1];")).toEqual(["const a = ['é', '😀', 2];"]);
});

test('every accepted survivor is a change of a line that exists, and has a reason', () => {
  const accepted: readonly Accepted[] = JSON.parse(
    readFileSync(new URL('mutants-accepted.json', import.meta.url), 'utf8'),
  );
  const gone = accepted.filter(
    (entry) =>
      !mutantsOf(entry.file, readFileSync(entry.file, 'utf8')).some((mutant) => isSame(entry, mutant)),
  );
  expect(gone).toEqual([]);
  expect(accepted.filter(({ why }) => why.length < 20)).toEqual([]);
});
