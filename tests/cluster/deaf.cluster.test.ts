import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProxy, type TcpProxy } from '../tcp-proxy.ts';
import { dataOf, type Member, type Parts, startMember, startParts } from './cluster.ts';

/** What a process says on the connection on which it hears of changes. */
const listening = 'LISTEN';
const latestMs = 10_000;

/** Its latest statement tells which connection it is: that, or the sign of life that a process gives to itself. */
const endListeners = String.raw`
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE query LIKE 'LISTEN %' OR query LIKE 'SELECT pg\_notify(''unkey\_changes\_%'`;

let parts: Parts;
let proxy: TcpProxy;
let hearing: Member;
/** Its way to PostgreSQL is the proxy. */
let deaf: Member;
let apiId: string;

beforeAll(async () => {
  parts = await startParts();
  proxy = await startProxy(parts.postgres.port);
  const url = new URL(parts.databaseUrl);
  url.port = String(proxy.port);
  hearing = await startMember(parts);
  deaf = await startMember(parts, { DATABASE_URL: url.href });
  apiId = (await dataOf(hearing.call('apis.createApi', { name: 'deaf' }))).apiId;
});
afterAll(async () => {
  await Promise.all([hearing.kill(), deaf.kill()]);
  await proxy.close();
  await parts.close();
});

async function channelIs(state: 'up' | 'down'): Promise<void> {
  const line = `unkey_change_channel_up ${state === 'up' ? 1 : 0}\n`;
  await expect
    .poll(async () => (await deaf.get('/metrics')).text, { timeout: 15_000, interval: 50 })
    .toContain(line);
}

const codeOf = async (key: string) => (await dataOf(deaf.call('keys.verifyKey', { key }))).code;

/** Milliseconds from when a key is disabled until the deaf process denies it. */
async function lag(): Promise<number> {
  const { key, keyId } = await dataOf(hearing.call('keys.createKey', { apiId }));
  expect(await codeOf(key)).toBe('VALID');
  expect(await codeOf(key)).toBe('VALID');
  await dataOf(hearing.call('keys.updateKey', { keyId, enabled: false }));
  const start = performance.now();
  while ((await codeOf(key)) !== 'DISABLED') {
    if (performance.now() - start > 2 * latestMs) throw new Error('It does not come to know.');
  }
  return performance.now() - start;
}

test('a process whose listening connection is silent asks again, and knows within ten seconds', async () => {
  proxy.stallThose(listening);
  const lags = [await lag()];
  await channelIs('down');
  lags.push(await lag(), await lag());
  console.log(`lag without channel: ${lags.map((milliseconds) => Math.round(milliseconds)).join(', ')} ms`);
  expect(Math.max(...lags)).toBeLessThan(latestMs);
  proxy.mend();
  await channelIs('up');
  expect(await lag()).toBeLessThan(1000);
});

test('a process whose listening connection is ended again and again knows within ten seconds', async () => {
  const client = new pg.Client({ connectionString: parts.databaseUrl });
  await client.connect();
  let ended = 0;
  const end = async () => {
    const { rowCount } = await client.query(endListeners);
    ended += rowCount ?? 0;
  };
  const timer = setInterval(() => void end(), 100);
  try {
    // Three times each.
    while (ended < 6) expect(await lag()).toBeLessThan(latestMs);
  } finally {
    clearInterval(timer);
    await client.end();
  }
  await channelIs('up');
});
