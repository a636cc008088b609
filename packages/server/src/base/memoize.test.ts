import { expect, test } from 'vitest';
import { remembered } from './memoize.ts';

test('the same text gives the same object, another one another', () => {
  const list = remembered((text) => text.split(','), 10);
  expect(list('a,b')).toEqual(['a', 'b']);
  expect(list('a,b')).toBe(list('a,b'));
  expect(list('a')).toEqual(['a']);
});

test('it keeps only so many', () => {
  let made = 0;
  const list = remembered((text) => {
    made++;
    return [text];
  }, 2);
  const first = list('a');
  list('b');
  list('c');
  expect(list('a')).toEqual(first);
  expect(list('a')).not.toBe(first);
  expect(made).toBe(4);
});
