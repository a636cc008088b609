import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold } from './fold.ts';

test('case does not count', () => {
  expect(fold('Documents.READ')).toBe(fold('documents.read'));
  expect(fold('ÉDITEUR')).toBe(fold('éditeur'));
  expect(fold('ΟΔΟΣ')).toBe(fold('οδοσ'));
});

test('accents, blanks and punctuation count', () => {
  expect(fold('editeur')).not.toBe(fold('éditeur'));
  expect(fold('admin ')).not.toBe(fold('admin'));
  expect(fold('a_b')).not.toBe(fold('a-b'));
});

test('a composed accent equals a combined one', () => {
  expect(fold('E\u0301diteur')).toBe(fold('\u00e9diteur'));
});

test('folding again changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(fold(fold(text))).toBe(fold(text));
    }),
    { seed: 19, numRuns: 1000 },
  );
});
