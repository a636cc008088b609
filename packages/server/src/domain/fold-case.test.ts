import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../../../../tests/any-text.ts';
import { foldCase } from './fold-case.ts';

test('case does not count', () => {
  expect(foldCase('Documents.READ')).toBe(foldCase('documents.read'));
  expect(foldCase('ÉDITEUR')).toBe(foldCase('éditeur'));
  expect(foldCase('ΟΔΟΣ')).toBe(foldCase('οδοσ'));
});

test('accents, blanks and punctuation count', () => {
  expect(foldCase('editeur')).not.toBe(foldCase('éditeur'));
  expect(foldCase('admin ')).not.toBe(foldCase('admin'));
  expect(foldCase('a_b')).not.toBe(foldCase('a-b'));
});

test('a composed accent equals a combined one', () => {
  expect(foldCase('E\u0301diteur')).toBe(foldCase('\u00e9diteur'));
});

test('folding again changes nothing', () => {
  fc.assert(
    fc.property(anyText(), (text) => {
      expect(foldCase(foldCase(text))).toBe(foldCase(text));
    }),
    { seed: 19, numRuns: 1000 },
  );
});
