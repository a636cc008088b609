import { expect, test } from 'vitest';
import { TaggedCache } from './tagged-cache.ts';

test('an entry is dropped by any of its tags, others stay', () => {
  const cache = new TaggedCache<number>(10);
  cache.set('a', 1, ['key_1', 'ws_1']);
  cache.set('b', 2, ['key_2', 'ws_1']);
  cache.set('c', 3, ['key_3', 'ws_2']);
  cache.drop('key_1');
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([undefined, 2, 3]);
  cache.drop('ws_1');
  expect([cache.get('b'), cache.get('c')]).toEqual([undefined, 3]);
});

test('the least recently used entry makes room for a new one', () => {
  const cache = new TaggedCache<number>(2);
  cache.set('a', 1, []);
  cache.set('b', 2, []);
  cache.get('a');
  cache.set('c', 3, []);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  expect(cache.size).toBe(2);
});

test('a replaced entry is not dropped by the tags of the former one', () => {
  const cache = new TaggedCache<number>(2);
  cache.set('a', 1, ['old']);
  cache.set('a', 2, ['new']);
  cache.drop('old');
  expect(cache.get('a')).toBe(2);
});
