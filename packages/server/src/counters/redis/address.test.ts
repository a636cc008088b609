import { expect, test } from 'vitest';
import { ConnectionUrlError } from '../../base/connection-url.ts';
import { parseRedisAddresses } from './address.ts';

test('a URL has host, user, database and encryption', () => {
  expect(parseRedisAddresses('redis://localhost')).toEqual([
    {
      place: { host: 'localhost', port: 6379 },
      username: undefined,
      password: undefined,
      database: 0,
      tls: null,
    },
  ]);
  expect(parseRedisAddresses('rediss://app:p%40ss%2C@cache.example:6380/3')).toEqual([
    {
      place: { host: 'cache.example', port: 6380 },
      username: 'app',
      password: 'p@ss,',
      database: 3,
      tls: { isVerified: true, rootCertificates: undefined },
    },
  ]);
  expect(parseRedisAddresses('valkeys://:secret@[::1]')[0]).toMatchObject({
    place: { host: '::1', port: 6379 },
    password: 'secret',
    tls: { isVerified: true, rootCertificates: undefined },
  });
  expect(parseRedisAddresses('unix:///run/redis.sock')[0]?.place).toEqual({ path: '/run/redis.sock' });
});

test('TLS has a private authority, or no verification', () => {
  const [address] = parseRedisAddresses(
    `rediss://host?sslmode=no-verify&sslrootcert=${import.meta.filename}`,
  );
  expect(address?.tls).toMatchObject({
    isVerified: false,
    rootCertificates: expect.stringContaining('this very text'),
  });
});

test('several URLs are nodes of a cluster', () => {
  const nodes = parseRedisAddresses('redis://a:1, redis://b:2');
  expect(nodes.map(({ place }) => place)).toEqual([
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
  ]);
});

test('a comma in a password is no other node', () => {
  expect(parseRedisAddresses('redis://:a,b@host')[0]).toMatchObject({ password: 'a,b' });
  expect(parseRedisAddresses('redis://:a,b@one, redis://two')).toHaveLength(2);
});

test.each([
  'localhost:6379',
  'http://user:secret@host',
  'redis://',
  'redis://user:secret@host/one',
  'redis://user:secret@host/0?tls=true',
  'redis://user:secret@host/0?sslmode=no-verify',
  'rediss://user:secret@host/0?sslmode=require',
  'rediss://user:secret@host/0?sslrootcert=/no/such/file',
  'redis://user:secret@host/0#1',
  'redis://user:secret?@host/0',
  'redis://user:secret%@host',
  'unix://secret/run/redis.sock',
  'redis://a:secret@a/1,redis://a:secret@b/1',
  'redis://a:secret@a,unix:///run/redis.sock',
  'redis://a:secret@a,',
  'redis://a:secret@a,b:6380',
])('%s is refused, and nothing of it is told', (text) => {
  expect(() => parseRedisAddresses(text)).toThrow(ConnectionUrlError);
  expect(() => parseRedisAddresses(text)).not.toThrow(/secret/);
});
