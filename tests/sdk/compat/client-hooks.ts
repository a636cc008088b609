import { HTTPClient, Unkey } from '@unkey/api';
import type { BeforeRequestHook, RequestErrorHook, ResponseHook } from '@unkey/api/lib/http';
import type { World } from './world.ts';

export async function program({ serverURL, rootKey }: World): Promise<unknown[]> {
  const seen: unknown[] = [];
  let requests = 0;
  const httpClient = new HTTPClient({
    fetcher: (input, init) => {
      requests += 1;
      return init === undefined ? fetch(input) : fetch(input, init);
    },
  });
  const trace: BeforeRequestHook = (request) => {
    const traced = new Request(request);
    traced.headers.set('x-trace', 'trace-1');
    return traced;
  };
  const look: BeforeRequestHook = async (request) => {
    const { pathname } = new URL(request.url);
    const authorization = request.headers.get('authorization') ?? '';
    const body = (await request.clone().json()) as object;
    seen.push(['request', request.method, pathname, authorization.slice(0, 7), Object.keys(body).sort()]);
    seen.push(['headers', request.headers.get('x-trace'), request.headers.get('x-tenant')]);
  };
  const record: ResponseHook = async (response, request) => {
    const { meta } = (await response.clone().json()) as { meta: { requestId: string } };
    seen.push(['response', response.status, meta.requestId.slice(0, 4), new URL(request.url).pathname]);
  };
  const fail: RequestErrorHook = (error, request) => {
    seen.push(['failed', (error as Error).name, new URL(request.url).pathname]);
  };
  httpClient.addHook('beforeRequest', trace).addHook('beforeRequest', look);
  httpClient.addHook('response', record);
  httpClient.addHook('requestError', fail);

  const unkey = new Unkey({ serverURL: `${serverURL}/`, rootKey, httpClient, userAgent: 'shop/1.0' });
  const { apiId } = (await unkey.apis.createApi({ name: 'hooks' }, { headers: { 'x-tenant': 'ann' } })).data;
  await unkey.apis.getApi({ apiId }, { headers: new Headers([['X-Tenant', 'bob']]) });

  const copy = httpClient.clone();
  httpClient.removeHook('beforeRequest', look).removeHook('response', record);
  await unkey.apis.getApi({ apiId });
  await new Unkey({ serverURL, rootKey, httpClient: copy }).apis.getApi({ apiId }).catch(() => undefined);
  seen.push(['requests', requests]);

  const unreachable = new Unkey({
    serverURL: 'http://127.0.0.1:9',
    rootKey,
    httpClient,
    retryConfig: { strategy: 'none' },
  });
  seen.push(await unreachable.apis.getApi({ apiId }).catch((error: Error) => error.name));

  const refusing = new HTTPClient();
  refusing.addHook('beforeRequest', () => {
    throw new Error('not today');
  });
  const refused = new Unkey({ serverURL, rootKey, httpClient: refusing, retryConfig: { strategy: 'none' } });
  seen.push(await refused.apis.getApi({ apiId }).catch((error: Error) => error.message));
  return seen;
}
