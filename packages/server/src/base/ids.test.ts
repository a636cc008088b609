import { expect, test } from 'vitest';
import { randomIds } from './ids.ts';

test('an id is its prefix and sixteen letters or digits', () => {
  expect(randomIds().id('key')).toMatch(/^key_[a-zA-Z0-9]{16}$/);
});

test('ids differ across many refills of the pool', () => {
  const ids = randomIds();
  const made = Array.from({ length: 5000 }, () => ids.id('key'));
  expect(new Set(made).size).toBe(5000);
});

test('ids of a batch differ behind four characters, by which batches differ', () => {
  const ids = randomIds();
  const made = [ids.batch(), ids.batch()].map(({ id }) => Array.from({ length: 1000 }, () => id('key')));
  expect(new Set(made.flat()).size).toBe(2000);
  expect(made.flat().every((id) => /^key_[a-zA-Z0-9]{16}$/.test(id))).toBe(true);
  expect(made.map((batch) => new Set(batch.map((id) => id.slice(0, 8))).size)).toEqual([1, 1]);
  expect(new Set(made.flat().map((id) => id.slice(8))).size).toBe(2000);
});

test('bytes have the requested length, also beyond the pool', () => {
  const ids = randomIds();
  expect(ids.bytes(0)).toHaveLength(0);
  expect(ids.bytes(16)).toHaveLength(16);
  expect(ids.bytes(20_000)).toHaveLength(20_000);
});

test('no random byte is handed out twice', () => {
  let next = 0;
  const ids = randomIds((target) => {
    for (let index = 0; index + 4 <= target.length; index += 4) {
      new DataView(target.buffer, target.byteOffset).setUint32(index, next++);
    }
  });
  const seen = Array.from({ length: 3000 }, () => Buffer.from(ids.bytes(16)).toString('hex'));
  expect(new Set(seen).size).toBe(3000);
});

test('bytes do not change when the pool is refilled', () => {
  const ids = randomIds();
  const kept = ids.bytes(16);
  const copy = Uint8Array.from(kept);
  ids.bytes(8192);
  expect(kept).toEqual(copy);
});

test('bytes that would favour some letters are skipped', () => {
  let start = 0;
  const ids = randomIds((target) => {
    target.fill(start === 0 ? 255 : 0);
    start++;
  });
  expect(ids.id('key')).toBe('key_AAAAAAAAAAAAAAAA');
});

test('every letter is equally likely', () => {
  let byte = 0;
  const ids = randomIds((target) => {
    for (let index = 0; index < target.length; index++) target[index] = byte++ % 256;
  });
  const counts = new Map<string, number>();
  // 31 ids are 496 letters: two whole rounds of the 248 unbiased bytes.
  for (let count = 0; count < 31; count++) {
    for (const letter of ids.id('key').slice(4)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  expect(counts.size).toBe(62);
  expect(new Set(counts.values())).toEqual(new Set([8]));
});
