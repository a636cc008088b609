import { expect, test } from 'vitest';
import { createLog } from '../base/log.ts';
import { UnknownRootKeys } from './unknown-root-keys.ts';

const now = 1_800_000_000_000;

function setUp() {
  const lines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => lines.push(line) } });
  const unknown = new UnknownRootKeys(log);
  const passes = (address: string, at = now) => unknown.count(address, at) === null;
  const exhaust = (address: string) => {
    for (let request = 0; request < 600; request++) passes(address);
  };
  return { unknown, passes, exhaust, lines: () => lines.map((line) => JSON.parse(line)) };
}

test('an address has 600 a minute, and 429 with Retry-After above', () => {
  const { unknown, passes, exhaust } = setUp();
  exhaust('192.0.2.1');
  expect(unknown.count('192.0.2.1', now + 1)).toMatchObject({ headers: { 'retry-after': '60' } });
  expect(passes('192.0.2.2')).toBe(true);
  expect(passes('192.0.2.1', now + 60_000)).toBe(true);
});

test('a clock that is set back starts a new window', () => {
  const { passes, exhaust } = setUp();
  exhaust('192.0.2.1');
  expect(passes('192.0.2.1', now - 3_600_000)).toBe(true);
});

test.each([
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', false],
  ['2001:db8::1', '2001:DB8:0:0:5::1', false],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', true],
  ['::1', '::2', false],
])('%s and %s: addresses of one IPv6 network are one', (one, other, isOther) => {
  const { passes, exhaust } = setUp();
  exhaust(one);
  expect(passes(other)).toBe(isOther);
});

test('addresses beyond the bound evict the oldest', () => {
  const { passes, exhaust } = setUp();
  exhaust('192.0.2.1');
  for (let address = 0; address < 10_000; address++) passes(`10.0.${address >> 8}.${address & 255}`);
  expect(passes('192.0.2.1')).toBe(true);
});

test('one line in ten seconds, with the address and the number since the last', () => {
  const { passes, exhaust, lines } = setUp();
  exhaust('192.0.2.1');
  expect(lines()).toEqual([expect.objectContaining({ address: '192.0.2.1', refused: 1 })]);
  passes('192.0.2.2', now + 10_000);
  expect(lines()[1]).toMatchObject({ address: '192.0.2.2', refused: 600 });
});
