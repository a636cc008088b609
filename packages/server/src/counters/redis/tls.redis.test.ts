import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../../../tests/free-port.ts';
import { type RedisServer, startRedis } from '../../../../../tests/redis.ts';
import { parseRedisAddresses } from './address.ts';
import { openRedisCounters } from './counters.ts';

const folder = mkdtempSync(join(tmpdir(), 'unkey-ts-tls-'));
const certificate = join(folder, 'server.pem');
let redis: RedisServer;
let port: number;

beforeAll(async () => {
  const key = join(folder, 'server.key');
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  const names = ['-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', [...request, ...names, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  port = await freePort();
  const tls = ['--tls-port', String(port), '--tls-cert-file', certificate, '--tls-key-file', key];
  redis = await startRedis([...tls, '--tls-auth-clients', 'no']);
});
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function heartbeat(host: string, parameters: string): Promise<number> {
  const addresses = parseRedisAddresses(`rediss://${host}:${port}/3?${parameters}`);
  const counters = await openRedisCounters({ addresses, timeoutMs: 5000 });
  try {
    return await counters.heartbeat();
  } finally {
    await counters.close();
  }
}

test('a private certificate authority is trusted when it is named, and the host name is checked', async () => {
  expect(await heartbeat('localhost', `sslrootcert=${certificate}`)).toBe(1);
  await expect(heartbeat('localhost', '')).rejects.toThrow(/certificate.*sslrootcert=FILE/);
  await expect(heartbeat('127.0.0.1', `sslrootcert=${certificate}`)).rejects.toThrow(/does not match/);
});

test('no-verify encrypts without checks', async () => {
  expect(await heartbeat('127.0.0.1', 'sslmode=no-verify')).toBe(1);
});
