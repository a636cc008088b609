import { expect, test } from 'vitest';
import { allOf, anyOf } from './access.ts';
import { describeAccess } from './describe-access.ts';

test('requirements read as a sentence, with parentheses only where they are needed', () => {
  expect(
    describeAccess([
      { requires: anyOf(allOf(anyOf('a', 'b'), 'c'), 'd') },
      { when: 'decrypt', requires: anyOf('e') },
    ]),
  ).toEqual(['((`a` or `b`) and `c`) or `d`', 'with `decrypt`: `e`']);
});

test('public operations need no root key', () => {
  expect(describeAccess('public')).toEqual(['no root key']);
});
