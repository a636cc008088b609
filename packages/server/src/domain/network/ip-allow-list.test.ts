import { BlockList, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../../../../../tests/any-text.ts';
import { isAllowed, parseAllowList } from './ip-allow-list.ts';

function allowed(list: string, ip: string): boolean {
  return isAllowed(parseAllowList(list), ip);
}

test('a list without entries is no list, and allows every address', () => {
  for (const text of [null, '', ' ', ' , ']) expect(parseAllowList(text)).toBeNull();
  expect(isAllowed(null, '203.0.113.9')).toBe(true);
});

describe('an entry allows', () => {
  test.each([
    ['123.123.123.123', '123.123.123.123'],
    [' 10.0.0.1 , 192.0.2.7', '192.0.2.7'],
    ['10.0.0.0/8', '10.255.255.255'],
    ['10.1.2.3/8', '10.9.9.9'],
    ['192.0.2.128/25', '192.0.2.200'],
    ['0.0.0.0/0', '8.8.8.8'],
    ['2001:db8::/32', '2001:db8:ffff::1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['2001:db8::/33', '2001:db8:7fff::'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['::/0', 'fe80::1%eth0'],
    ['1.2.3.4', '::ffff:1.2.3.4'],
    ['1.2.3.4', '::ffff:102:304'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::ffff:1.2.3.0/120', '1.2.3.9'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ])('%s: %s', (list, ip) => {
    expect(allowed(list, ip)).toBe(true);
  });

  test.each([
    ['123.123.123.123', '192.168.1.1'],
    ['10.0.0.0/8', '11.0.0.0'],
    ['192.0.2.128/25', '192.0.2.127'],
    ['2001:db8::/32', '2001:db9::1'],
    ['2001:db8::/33', '2001:db8:8000::'],
    ['::/0', '1.2.3.4'],
    ['0.0.0.0/0', '::1'],
    ['0.0.0.0/0', ''],
    ['0.0.0.0/0', 'localhost'],
    ['0.0.0.0/0', '1.2.3.4:80'],
  ])('%s, but not %s', (list, ip) => {
    expect(allowed(list, ip)).toBe(false);
  });
});

test.each([
  'localhost',
  '10.0.0',
  '10.0.0.1/33',
  '::1/129',
  '10.0.0.1/',
  '10.0.0.1/8/8',
  '1.2.3.4:80',
  '/8',
  '::1%lo',
  '::1/-1',
  '010.0.0.1',
])('the bad entry %s is named', (entry) => {
  expect(() => parseAllowList(`10.0.0.1,${entry}`)).toThrow(`'${entry}'`);
});

test('ranges contain the same addresses as in BlockList', () => {
  const byte = fc.constantFrom(0, 1, 127, 128, 255);
  const v4 = fc.array(byte, { minLength: 4, maxLength: 4 }).map((bytes) => bytes.join('.'));
  const group = fc.constantFrom('0', '1', '7fff', '8000', 'ffff', '2001');
  const v6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':'));
  const pair = (address: fc.Arbitrary<string>, most: number) =>
    fc.tuple(address, address, fc.integer({ min: 1, max: most }));
  fc.assert(
    fc.property(fc.oneof(pair(v4, 32), pair(v6, 128)), ([base, ip, bits]) => {
      const family = isIPv4(ip) ? 'ipv4' : 'ipv6';
      const platform = new BlockList();
      platform.addSubnet(base, bits, family);
      expect(allowed(`${base}/${bits}`, ip)).toBe(platform.check(ip, family));
    }),
    { seed: 23, numRuns: 2000 },
  );
});

test('any text is an address or not allowed', () => {
  const list = parseAllowList('10.0.0.0/8,::/0');
  fc.assert(
    fc.property(anyText(), (text) => {
      expect(() => isAllowed(list, text)).not.toThrow();
    }),
    { seed: 23, numRuns: 300 },
  );
});
