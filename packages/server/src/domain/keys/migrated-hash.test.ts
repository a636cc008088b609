import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { migratedHash } from './migrated-hash.ts';

const digestOf = (key: string) => createHash('sha256').update(key).digest();
const prefixed = 'github.com/seamapi/prefixed-api-key';

test('every way of writing a SHA-256 is one hash, in the form of the algorithm', () => {
  fc.assert(
    fc.property(fc.string(), (key) => {
      const digest = digestOf(key);
      const [hex, base64, base64url] = ['hex', 'base64', 'base64url'].map((it) =>
        digest.toString(it as BufferEncoding),
      );
      const texts = [hex, hex?.toUpperCase(), base64, base64?.slice(0, 43), base64url, `${base64url}=`];
      for (const text of [...texts, `${hex}\n`, ` ${base64}\r\n`]) {
        expect(migratedHash('sha256', text ?? '')).toBe(base64);
        expect(migratedHash(prefixed, text ?? '')).toBe(hex);
      }
    }),
    { seed: 20260801, numRuns: 300 },
  );
});

const base64 = digestOf('key').toString('base64');

test.each([
  ['nothing', ''],
  ['a key', 'demo_ThisIsNotARealKey11111'],
  ['a key of 43 characters', `sk_live_${'a'.repeat(35)}`.replace('sk', 's!')],
  ['another digest', createHash('md5').update('key').digest('hex')],
  ['a longer digest', createHash('sha512').update('key').digest('base64')],
  ['hex with a space', `${digestOf('key').toString('hex').slice(0, 63)} `.padEnd(65, '0')],
  ['both alphabets', `+_${base64.slice(2)}`],
  ['bits that no digest has', `${base64.slice(0, 42)}B=`],
  ['two paddings', `${base64.slice(0, 43)}==`],
  ['a line within', `${base64.slice(0, 20)}\n${base64.slice(20)}`],
])('%s is no hash', (_, text) => {
  expect(migratedHash('sha256', text)).toBeNull();
  expect(migratedHash(prefixed, text)).toBeNull();
});
