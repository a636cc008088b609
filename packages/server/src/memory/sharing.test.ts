import { expect, test } from 'vitest';
import { sharing } from './sharing.ts';

test('the same text gives the same object, another one another', () => {
  const list = sharing(10, (text) => text.split(','));
  expect(list('a,b')).toEqual(['a', 'b']);
  expect(list('a,b')).toBe(list('a,b'));
  expect(list('a')).toEqual(['a']);
});

test('it keeps only so many', () => {
  let made = 0;
  const list = sharing(2, (text) => {
    made++;
    return [text];
  });
  const first = list('a');
  list('b');
  list('c');
  expect(list('a')).toEqual(first);
  expect(list('a')).not.toBe(first);
  expect(made).toBe(4);
});
