import { connect } from 'node:net';
import { Unkey as PublishedUnkey } from '@unkey/api';
import { Ratelimit } from '@unkey/ratelimit';
import { createTestUnkey, EmulatorError, type TestUnkey, type TestUnkeyOptions } from '@unkey-ts/emulator';
import { Unkey } from 'unkey-ts';
import { afterEach, expect, test } from 'vitest';

const open: TestUnkey[] = [];
afterEach(async () => {
  for (const unkey of open.splice(0)) await unkey.close();
});

async function listen(options: TestUnkeyOptions = {}): Promise<{ unkey: TestUnkey; url: string }> {
  const unkey = await createTestUnkey(options);
  open.push(unkey);
  return { unkey, url: (await unkey.listen()).url };
}

// biome-ignore lint/suspicious/noExplicitAny: tests know the shape
async function send(url: string, body: unknown): Promise<{ status: number; body: any }> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

test('clients on a port and in the process use the same service', async () => {
  const { unkey, url } = await listen();
  expect((await unkey.listen()).url).toBe(url);
  const near = new Unkey({ rootKey: unkey.rootKey, fetch: unkey.fetch });
  const far = new Unkey({ rootKey: unkey.rootKey, serverURL: url });
  const { key, apiId } = await unkey.createKeyFor({ credits: 2 });
  expect((await near.keys.verifyKey({ key })).data.credits).toBe(1);
  expect((await far.keys.verifyKey({ key })).data.credits).toBe(0);
  const published = new PublishedUnkey({ rootKey: unkey.rootKey, serverURL: url });
  const { data } = await published.keys.createKey({ apiId });
  expect((await published.keys.verifyKey({ key: data.key })).data.valid).toBe(true);
  const limit = new Ratelimit({
    rootKey: unkey.rootKey,
    baseUrl: url,
    namespace: 'n',
    limit: 1,
    duration: '1m',
  });
  expect([(await limit.limit('i')).success, (await limit.limit('i')).success]).toEqual([true, false]);
});

test.each([
  ['the fast path', ''],
  // The fast path leaves it to node:http.
  ['node:http', 'Transfer-Encoding: chunked\r\n'],
])('a reset connection has no response: %s', async (_, line) => {
  const { unkey, url } = await listen();
  unkey.faults.next('keys.verifyKey', { reset: true });
  const text = '{"key":"unknown"}';
  const length = line === '' ? `Content-Length: ${text.length}\r\n` : line;
  const body = line === '' ? text : `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
  const head = `POST /v2/keys.verifyKey HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${unkey.rootKey}\r\nContent-Type: application/json\r\n`;
  const request = `${head}${length}\r\n${body}`;
  expect(await replyTo(url, request)).toBe('');
  expect(await replyTo(url, request)).toMatch(/^HTTP\/1\.1 200 /);
});

/** What arrives until the first response is there, or the connection is lost. */
async function replyTo(url: string, request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(request);
  let text = '';
  try {
    for await (const chunk of socket) {
      text += chunk;
      if (text.includes('NOT_FOUND')) break;
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  }
  return text;
}

test('the clock, faults and requests are controlled over the port, and none of that is recorded', async () => {
  const { unkey, url } = await listen({ now: '2026-01-31T23:59:00Z' });
  const { key } = await unkey.createKeyFor({ expires: '1h' });
  const client = new Unkey({ rootKey: unkey.rootKey, serverURL: url, retry: false });
  const verify = () => client.keys.verifyKey({ key });
  const clock = `${url}/emulator/clock`;
  expect(await (await fetch(clock)).json()).toEqual({
    now: Date.parse('2026-01-31T23:59:00Z'),
    iso: '2026-01-31T23:59:00.000Z',
  });
  expect((await send(clock, { advance: '2h' })).body.iso).toBe('2026-02-01T01:59:00.000Z');
  expect((await verify()).data.code).toBe('EXPIRED');
  expect((await send(clock, { set: '2026-03-01' })).body.iso).toBe('2026-03-01T00:00:00.000Z');

  const rule = { operation: 'keys.verifyKey', fault: { status: 503, retryAfter: 1 }, times: 1 };
  expect((await send(`${url}/emulator/faults`, rule)).body).toEqual({ faults: [rule] });
  await expect(verify()).rejects.toMatchObject({ status: 503 });
  expect(await (await fetch(`${url}/emulator/faults`)).json()).toEqual({ faults: [] });
  await send(`${url}/emulator/faults`, { fault: { status: 500 } });
  expect((await send(`${url}/emulator/faults/clear`, {})).body).toEqual({ faults: [] });

  const { requests } = await (await fetch(`${url}/emulator/requests`)).json();
  expect(requests).toMatchObject([
    { operation: 'keys.verifyKey', body: { key }, status: 200, fault: null },
    { operation: 'keys.verifyKey', status: 503, fault: { status: 503 } },
  ]);
  expect(JSON.stringify(requests)).not.toContain(unkey.rootKey);
  await send(`${url}/emulator/requests/clear`, '');
  expect((await (await fetch(`${url}/emulator/requests`)).json()).requests).toEqual([]);

  expect((await send(`${url}/emulator/reset`, '')).body.iso).toBe('2026-01-31T23:59:00.000Z');
  expect((await verify()).data.code).toBe('NOT_FOUND');
});

test.each([
  ['clock', {}, 'Send {"advance":"1h"} or {"set":'],
  ['clock', { advance: '1h', set: '2027-01-01' }, 'Send {"advance":"1h"} or {"set":'],
  ['clock', { forward: '1h' }, 'Send {"advance":"1h"}'],
  ['clock', { advance: 'soon' }, '"soon" is not a duration'],
  ['clock', { set: '2020-01-01' }, 'cannot be set back'],
  ['clock', '[1]', 'send a JSON object'],
  ['clock', '{', 'send a JSON object'],
  ['faults', { operation: 'keys.verify', fault: { reset: true } }, 'is not an operation'],
  ['faults', { fault: { reset: true }, when: 'always' }, 'in process only'],
  ['faults', { fault: { reset: true }, other: 1 }, 'Unknown member "other"'],
])('POST /emulator/%s %j is refused with 400', async (name, body, message) => {
  const { url } = await listen({ now: '2026-01-01' });
  const reply = await send(`${url}/emulator/${name}`, body);
  expect(reply).toEqual({ status: 400, body: { error: expect.stringContaining(message) } });
  expect((await (await fetch(`${url}/emulator/clock`)).json()).iso).toBe('2026-01-01T00:00:00.000Z');
});

test('closing ends requests that have no response', async () => {
  const { unkey, url } = await listen();
  unkey.faults.next('keys.verifyKey', { never: true });
  const client = new Unkey({ rootKey: unkey.rootKey, serverURL: url, retry: false, timeoutMs: 60_000 });
  const asked = expect(client.keys.verifyKey({ key: 'x' })).rejects.toMatchObject({
    name: 'ConnectionError',
  });
  await expect.poll(() => unkey.requests.length).toBe(1);
  await unkey.close();
  await asked;
});

test.each([99_999, -1, 1.5, Number.NaN, '7071'])('the port %j is refused', async (port) => {
  const unkey = await createTestUnkey();
  open.push(unkey);
  const failure = await unkey.listen({ port: port as number }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EmulatorError);
});

test('a port that is taken is refused, and another one can be had', async () => {
  const { url } = await listen();
  const unkey = await createTestUnkey();
  open.push(unkey);
  await expect(unkey.listen({ port: Number(new URL(url).port) })).rejects.toThrow('the port is in use');
  expect((await unkey.listen()).url).not.toBe(url);
});
