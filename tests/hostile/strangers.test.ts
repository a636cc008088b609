import { connect } from 'node:net';
import { createLog } from '@unkey-ts/server';
import { protect } from 'unkey-ts/web';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFailureReport } from '../../packages/server/src/pipeline/transport-failure.ts';
import { start } from '../../packages/server/src/transport/conformance/started-listener.ts';
import { requestText, sendRaw } from '../api/raw-request.ts';
import { post, type Service, startService } from '../service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

/** The service behind a listener that reserves 1,000 bytes for the bodies of unknown senders. */
async function startSmall() {
  const { ids } = service.app.services;
  const failure = createFailureReport({
    ids,
    log: createLog({ level: 'silent' }),
    metrics: { observe: () => {} },
  });
  return start({ handle: service.app.handle, failure, bodyBounds: { unknown: 1000 } });
}

/** A verification that node:http reads, like those of many proxies, and of more bytes than the stranger leaves. */
async function verifySlowly(url: string, body: string): Promise<Response> {
  const headers = { authorization: `Bearer ${service.rootKey}`, connection: 'close' };
  const text = requestText({ path: '/v2/keys.verifyKey', headers, body: body + ' '.repeat(500) });
  const reply = await sendRaw(url, text);
  if (reply === 'closed') throw new Error('The connection was closed without a response.');
  return Response.json(reply.body, { status: reply.status });
}

test('a stranger that holds bodies back stops no verification in one piece, and opens no door', async () => {
  const { data: api } = (await service.call('apis.createApi', { name: 'paying' })).body;
  const { data: key } = (await service.call('keys.createKey', { apiId: api.apiId })).body;
  const { url, port } = await startSmall();
  const stranger = connect(port, '127.0.0.1');
  const head =
    'POST /v2/keys.verifyKey HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n';
  stranger.write(head + 'x'.repeat(999));
  await expect.poll(async () => (await verifySlowly(url, '{}')).status).toBe(429);
  const body = { key: key.key };
  const whole = await post(`${url}/v2/keys.verifyKey`, body, { rootKey: service.rootKey });
  expect(whole.body.data).toMatchObject({ code: 'VALID' });

  const guard = protect({
    rootKey: service.rootKey,
    serverURL: url,
    onOutage: 'allow',
    retry: false,
    fetch: (_url, init) => verifySlowly(url, init.body ?? ''),
  });
  const enter = async (own: string) => {
    const headers = { authorization: `Bearer ${own}` };
    const caller = await guard(new Request('http://shop.test/', { headers }));
    return caller instanceof Response ? caller.status : 200;
  };
  expect(await enter('made_up')).toBe(503);

  stranger.destroy();
  await expect.poll(() => enter(key.key)).toBe(200);
  expect(await enter('made_up')).toBe(401);
});
