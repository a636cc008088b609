import { expect, test } from 'vitest';
import { bearerOf, keyOf } from './read-key.ts';

test.each(['Bearer key_1', 'bearer key_1', 'BEARER key_1', 'bEaReR   key_1  ', ' Bearer\tkey_1'])(
  '%j brings the key',
  (authorization) => {
    expect(bearerOf(authorization)).toEqual({ key: 'key_1' });
  },
);

test.each([
  undefined,
  null,
  '',
  ' ',
  'Bearer',
  'bearer  ',
  'Basic dXNlcjpwYXNz',
  'key_1',
  'Bearerkey_1',
  'Bearer_ key_1',
])('%j brings none', (authorization) => {
  expect(bearerOf(authorization)).toEqual({ reason: 'MISSING_KEY' });
});

test.each(['Bearer one two', 'Bearer one, Bearer two', `Bearer ${'x'.repeat(513)}`])(
  'what %j brings is not a key',
  (authorization) => {
    expect(bearerOf(authorization)).toEqual({ reason: 'MALFORMED_KEY' });
  },
);

test('the longest key is one', () => {
  const key = 'x'.repeat(512);
  expect(keyOf(key)).toEqual({ key });
});

test('a key of another place may hold spaces', () => {
  expect(keyOf('open sesame')).toEqual({ key: 'open sesame' });
});

test.each([[['a']], [{ key: 'a' }], [7], [true], ['a\u0000'], ['a\nb'], ['\ud800']])(
  'what may be found elsewhere and is not a key: %j',
  (found) => {
    expect(keyOf(found)).toEqual({ reason: 'MALFORMED_KEY' });
  },
);

test.each([undefined, null, ''])('%j is no key', (found) => {
  expect(keyOf(found)).toEqual({ reason: 'MISSING_KEY' });
});
