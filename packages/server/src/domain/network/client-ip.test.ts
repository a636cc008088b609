import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../../../../../tests/any-text.ts';
import { clientIp } from './client-ip.ts';
import { parseAllowList } from './ip-allow-list.ts';

const trusted = parseAllowList('127.0.0.1, ::1, 10.0.0.0/8');

describe('X-Forwarded-For counts only from a trusted peer', () => {
  test('another peer is the client itself', () => {
    expect(clientIp('203.0.113.9', '1.2.3.4', trusted)).toBe('203.0.113.9');
    expect(clientIp('127.0.0.1', '1.2.3.4', null)).toBe('127.0.0.1');
    expect(clientIp('127.0.0.1', undefined, trusted)).toBe('127.0.0.1');
  });

  test('a trusted peer names the client', () => {
    expect(clientIp('127.0.0.1', '1.2.3.4', trusted)).toBe('1.2.3.4');
    expect(clientIp('::ffff:127.0.0.1', '1.2.3.4', trusted)).toBe('1.2.3.4');
  });
});

describe('of several entries', () => {
  test('the right-most untrusted address is the client; addresses left of it may be forged', () => {
    expect(clientIp('127.0.0.1', '9.9.9.9, 1.2.3.4, 10.0.0.7', trusted)).toBe('1.2.3.4');
  });

  test('the left-most is the client when all are trusted', () => {
    expect(clientIp('127.0.0.1', '10.0.0.8, 10.0.0.7', trusted)).toBe('10.0.0.8');
  });

  test('blank ones are skipped', () => {
    expect(clientIp('127.0.0.1', ' 1.2.3.4 , ,', trusted)).toBe('1.2.3.4');
    expect(clientIp('127.0.0.1', ' , ', trusted)).toBe('127.0.0.1');
  });

  test('an invalid address hides those left of it', () => {
    expect(clientIp('127.0.0.1', 'unknown', trusted)).toBe('127.0.0.1');
    expect(clientIp('127.0.0.1', '1.2.3.4, unknown', trusted)).toBe('127.0.0.1');
    expect(clientIp('127.0.0.1', 'unknown, 1.2.3.4', trusted)).toBe('1.2.3.4');
  });
});

test.each([
  ['1.2.3.4:5678', '1.2.3.4'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['2001:db8::1', '2001:db8::1'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['[::1', '127.0.0.1'],
  ['1.2.3.4:x', '127.0.0.1'],
])('%s is read as %s', (entry, ip) => {
  expect(clientIp('127.0.0.1', entry, trusted)).toBe(ip);
});

test('a peer without an address stays as it is', () => {
  expect(clientIp('', '1.2.3.4', trusted)).toBe('');
});

test('any header is accepted', () => {
  fc.assert(
    fc.property(anyText(), (header) => {
      expect(clientIp('127.0.0.1', `${header}, 1.2.3.4`, trusted)).toBe('1.2.3.4');
    }),
    { seed: 29, numRuns: 300 },
  );
});
