import { expect, test, vi } from 'vitest';
import { HTTPClient } from './api/http-client.ts';
import { Unkey } from './api/index.ts';
import { withUnkey } from './nextjs.ts';

test('a request without a key gets 401, and the handler is not called', async () => {
  const never = () => {
    throw new Error('The handler was called.');
  };
  const handler = withUnkey(never, { rootKey: 'root_key' });
  const response = await handler(new Request('http://shop.test/') as never, {} as never);
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ error: 'unauthorized' });
});

test('a timeout of 0 is none', async () => {
  const answer = '{"meta":{"requestId":"req_1"},"data":{"id":"api_1","name":"shop"}}';
  const fetcher = async () => new Response(answer, { headers: { 'content-type': 'application/json' } });
  const timeout = vi.spyOn(AbortSignal, 'timeout');
  const call = async (timeoutMs: number) => {
    const unkey = new Unkey({ rootKey: 'root_key', timeoutMs, httpClient: new HTTPClient({ fetcher }) });
    expect(await unkey.apis.getApi({ apiId: 'api_1' })).toMatchObject({ data: { id: 'api_1' } });
  };
  await call(0);
  expect(timeout).not.toHaveBeenCalled();
  await call(60_000);
  expect(timeout).toHaveBeenCalledWith(60_000);
  timeout.mockRestore();
});

test('a server that is given by its index is used whatever the environment says', async () => {
  vi.stubEnv('UNKEY_SERVER_URL', 'http://127.0.0.1:9');
  const urls: string[] = [];
  const fetcher = async (request: unknown) => {
    urls.push((request as Request).url);
    return Response.json({ meta: { requestId: 'req_1' }, data: { id: 'api_1', name: 'shop' } });
  };
  for (const serverIdx of [undefined, 0]) {
    const unkey = new Unkey({ rootKey: 'root_key', serverIdx, httpClient: new HTTPClient({ fetcher }) });
    await unkey.apis.getApi({ apiId: 'api_1' });
  }
  vi.unstubAllEnvs();
  expect(urls.map((url) => new URL(url).host)).toEqual(['127.0.0.1:9', 'api.unkey.com']);
});
