import { expect, test } from 'vitest';
import { memoize } from './memoize.ts';

test('the same text gives the same object, another text another one', () => {
  const list = memoize((text) => text.split(','), 10);
  expect(list('a,b')).toEqual(['a', 'b']);
  expect(list('a,b')).toBe(list('a,b'));
  expect(list('a')).toEqual(['a']);
});

test('the cache is cleared when it is full', () => {
  let computed = 0;
  const list = memoize((text) => {
    computed++;
    return [text];
  }, 2);
  const first = list('a');
  list('b');
  list('c');
  expect(list('a')).toEqual(first);
  expect(list('a')).not.toBe(first);
  expect(computed).toBe(4);
});
