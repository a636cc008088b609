import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProxy, type TcpProxy } from '../tcp-proxy.ts';
import { dataOf, type Member, type Parts, startMember, startParts } from './cluster.ts';

/** The text that identifies the listening connection of a process. */
const listenStatement = 'LISTEN';
const latestMs = 10_000;

let parts: Parts;
let proxy: TcpProxy;
let connected: Member;
/** Reaches PostgreSQL through the proxy. */
let stalled: Member;
let apiId: string;

beforeAll(async () => {
  parts = await startParts();
  proxy = await startProxy(parts.postgres.port);
  const url = new URL(parts.databaseUrl);
  url.port = String(proxy.port);
  connected = await startMember(parts);
  stalled = await startMember(parts, { DATABASE_URL: url.href });
  apiId = (await dataOf(connected.call('apis.createApi', { name: 'stalled' }))).apiId;
});
afterAll(async () => {
  await Promise.all([connected.kill(), stalled.kill()]);
  await proxy.close();
  await parts.close();
});

async function channelIs(state: 'up' | 'down'): Promise<void> {
  const line = `unkey_change_channel_up ${state === 'up' ? 1 : 0}\n`;
  await expect
    .poll(async () => (await stalled.get('/metrics')).text, { timeout: 15_000, interval: 50 })
    .toContain(line);
}

const codeOf = async (key: string) => (await dataOf(stalled.call('keys.verifyKey', { key }))).code;

/** Milliseconds between disabling a key and its refusal by the stalled process. */
async function lag(): Promise<number> {
  const { key, keyId } = await dataOf(connected.call('keys.createKey', { apiId }));
  expect(await codeOf(key)).toBe('VALID');
  expect(await codeOf(key)).toBe('VALID');
  await dataOf(connected.call('keys.updateKey', { keyId, enabled: false }));
  const start = performance.now();
  while ((await codeOf(key)) !== 'DISABLED') {
    if (performance.now() - start > 2 * latestMs) throw new Error('The process never refused the key.');
  }
  return performance.now() - start;
}

test('a process whose listening connection is silent refuses a disabled key within ten seconds', async () => {
  proxy.stallThose(listenStatement);
  const lags = [await lag()];
  await channelIs('down');
  lags.push(await lag(), await lag());
  console.log(`lag without channel: ${lags.map((milliseconds) => Math.round(milliseconds)).join(', ')} ms`);
  expect(Math.max(...lags)).toBeLessThan(latestMs);
  proxy.mend();
  await channelIs('up');
  // Without the channel it would take as long as above.
  expect(await lag()).toBeLessThan(Math.min(...lags));
});

test('a process whose listening connection ends again and again refuses a disabled key within ten seconds', async () => {
  let ended = 0;
  const timer = setInterval(() => {
    ended += proxy.endThose(listenStatement);
  }, 100);
  try {
    while (ended < 3) expect(await lag()).toBeLessThan(latestMs);
  } finally {
    clearInterval(timer);
  }
  await channelIs('up');
});
