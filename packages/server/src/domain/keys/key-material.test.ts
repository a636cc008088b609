import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeBase58, formatKey, hashKey, longTokenHash, parsePrefixedKey } from './key-material.ts';

const sixteen = Uint8Array.from({ length: 16 }, (_, index) => 255 - index);

describe('base58', () => {
  test.each([
    ['', ''],
    ['61', '2g'],
    ['626262', 'a3gV'],
    ['73696d706c792061206c6f6e6720737472696e67', '2cFupjhnEsSn59qHXstmK2ffpLv2'],
    ['00eb15231dfceb60925886b67d065299925915aeb172c06647', '1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L'],
    ['00000000000000000000', '1111111111'],
    ['ecac89cad93923c02321', 'EJDM8drfXA6uyA'],
  ])('of %s is %s', (hex, text) => {
    expect(encodeBase58(Buffer.from(hex, 'hex'))).toBe(text);
  });

  test('decodes to the bytes it was made of', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 255 }), (bytes) => {
        expect(decodeBase58(encodeBase58(bytes))).toEqual([...bytes]);
      }),
      { seed: 13, numRuns: 200 },
    );
  });
});

describe('a key', () => {
  test('without prefix is the encoded bytes, and shows its first four characters', () => {
    const { key, start } = formatKey({ prefix: null, bytes: sixteen });
    expect(key).toBe(encodeBase58(sixteen));
    expect(start).toBe(key.slice(0, 4));
    expect(formatKey({ prefix: '', bytes: sixteen })).toEqual({ key, start });
  });

  test('with prefix has one underscore after it, also after an underscore', () => {
    const { key, start } = formatKey({ prefix: 'test', bytes: sixteen });
    expect(key).toBe(`test_${encodeBase58(sixteen)}`);
    expect(start).toBe(key.slice(0, 9));
    expect(formatKey({ prefix: 'my_', bytes: sixteen }).key).toBe(`my__${encodeBase58(sixteen)}`);
  });

  test('is stored as the padded base64 of its SHA-256', () => {
    expect(hashKey('abc')).toBe('ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=');
    expect(hashKey('ключ')).toBe(createHash('sha256').update('ключ').digest('base64'));
  });
});

describe('a prefixed key from elsewhere', () => {
  test('gives its prefix, its long token and the start to show', () => {
    expect(parsePrefixedKey('re_abcdefgh_longtoken')).toEqual({
      prefix: 're',
      longToken: 'longtoken',
      start: 're_abcd',
    });
    expect(parsePrefixedKey('my_app_BRTR_xyz')).toEqual({
      prefix: 'my_app',
      longToken: 'xyz',
      start: 'my_app_BRTR',
    });
    expect(parsePrefixedKey('re_ab_xyz')).toEqual({ prefix: 're', longToken: 'xyz', start: 're_ab_x' });
  });

  test('has at least three parts', () => {
    for (const key of ['', 'abc', 're_abc']) expect(parsePrefixedKey(key)).toBeNull();
    expect(parsePrefixedKey('__')).toEqual({ prefix: '', longToken: '', start: '__' });
  });

  test('is looked up by the hexadecimal SHA-256 of the long token', () => {
    expect(longTokenHash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

function decodeBase58(text: string): number[] {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  const zeros = /^1*/.exec(text)?.[0].length ?? 0;
  let value = 0n;
  for (const character of text) value = value * 58n + BigInt(alphabet.indexOf(character));
  const bytes: number[] = [];
  for (; value > 0n; value /= 256n) bytes.unshift(Number(value % 256n));
  return [...new Array<number>(zeros).fill(0), ...bytes];
}
