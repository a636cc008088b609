import { HTTPClient, Unkey } from '@unkey/api';
import * as errors from '@unkey/api/models/errors';
import { UnkeyError } from '@unkey/api/models/errors/unkeyerror';
import type { World } from './world.ts';

function describe(error: unknown): unknown {
  if (error instanceof errors.BadRequestErrorResponse) {
    const { detail, errors: members } = error.error;
    return ['invalid', error.name, detail, members.map(({ location }) => location)];
  }
  if (error instanceof errors.NotFoundErrorResponse) {
    const { meta, error: details } = error.data$;
    return ['missing', details.type, details.title, meta.requestId === error.meta.requestId];
  }
  if (error instanceof errors.ConflictErrorResponse)
    return ['conflict', error.statusCode, error.error.status];
  if (error instanceof errors.APIError) {
    return ['unexpected', error.name, error.message, error.body, error.contentType];
  }
  if (error instanceof UnkeyError) {
    const { name, statusCode, headers, contentType, body, rawResponse } = error;
    const type = headers.get('content-type');
    const isSame = [rawResponse instanceof Response, rawResponse.status === statusCode, rawResponse.bodyUsed];
    return ['response', name, statusCode, type === contentType, typeof JSON.parse(body), isSame];
  }
  if (error instanceof errors.HTTPClientError) {
    const isAborted = error instanceof errors.RequestAbortedError;
    const isLate = error instanceof errors.RequestTimeoutError;
    const isOffline = error instanceof errors.ConnectionError;
    const isOther = error instanceof errors.UnexpectedClientError;
    return ['no response', error.name, isAborted, isLate, isOffline, isOther, error.cause !== undefined];
  }
  return error;
}

async function failureOf(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    return ['no failure', await attempt()];
  } catch (error) {
    return describe(error);
  }
}

/** A response of something before the service. */
function answering(status: number, type: string, body: string): HTTPClient {
  return new HTTPClient({
    fetcher: async () => new Response(body, { status, headers: { 'content-type': type } }),
  });
}

export async function program(world: World): Promise<unknown[]> {
  const { serverURL, rootKey, silentURL, weakRootKey } = world;
  const retryConfig = { strategy: 'none' } as const;
  const unkey = new Unkey({ serverURL, rootKey, retryConfig });
  const { apiId } = (await unkey.apis.createApi({ name: 'errors' })).data;
  await unkey.identities.createIdentity({ externalId: 'ann' });
  const behind = (status: number, type: string, body: string) =>
    new Unkey({ serverURL, rootKey, retryConfig, httpClient: answering(status, type, body) });
  const cut = new HTTPClient({
    fetcher: async () => {
      throw new Error('The cable is cut.');
    },
  });

  const attempts: (() => Promise<unknown>)[] = [
    () => unkey.keys.createKey({ apiId, byteLength: 3 }),
    () => unkey.apis.getApi({ apiId: 'api_unknown' }),
    () => unkey.identities.createIdentity({ externalId: 'ann' }),
    () =>
      unkey.identities.deleteIdentity({ identity: 'nobody' }).catch((error) => Promise.reject(error.name)),
    () => new Unkey({ serverURL, rootKey: 'nobody' }).apis.getApi({ apiId }),
    () => new Unkey({ serverURL, rootKey: weakRootKey }).apis.createApi({ name: 'never' }),
    () => behind(502, 'text/html', '<h1>Bad gateway</h1>').keys.verifyKey({ key: 'any' }),
    () => behind(404, 'text/plain; charset=utf-8', '').keys.verifyKey({ key: 'any' }),
    () => behind(418, 'application/json', '{}').keys.verifyKey({ key: 'any' }),
    () => behind(404, 'application/json', '{"message":"no route"}').keys.verifyKey({ key: 'any' }),
    () => behind(429, 'application/json', '{"meta":{"requestId":"1"},"error":{}}').apis.getApi({ apiId }),
    () => behind(200, 'application/json', '{"hello":"world"}').keys.verifyKey({ key: 'any' }),
    () => unkey.apis.getApi({ apiId }, { serverURL: 'http://127.0.0.1:9' }),
    () => unkey.apis.getApi({ apiId }, { serverURL: silentURL, timeoutMs: 50 }),
    () => unkey.apis.getApi({ apiId }, { signal: AbortSignal.abort() }),
    () => new Unkey({ serverURL, rootKey, retryConfig, httpClient: cut }).apis.getApi({ apiId }),
    () =>
      unkey.apis.getApi({ apiId: 'api_unknown' }).catch((error) => {
        return [error instanceof errors.SDKValidationError, String(error.message).includes('"status":404')];
      }),
  ];
  const seen: unknown[] = [];
  for (const attempt of attempts) seen.push(await failureOf(attempt));

  // What a test of an application makes.
  const response = new Response('{}', { status: 404 });
  const request = new Request('https://api.example.com');
  const data = {
    meta: { requestId: 'req_1' },
    error: { title: 'Not Found', detail: 'gone', status: 404, type: 'about:blank' },
  };
  seen.push(describe(new errors.NotFoundErrorResponse(data, { response, request, body: '{}' })));
  seen.push(describe(new errors.APIError('broken', { response, request, body: '{}' })));
  seen.push(describe(new errors.ConnectionError('offline', { cause: new Error('no route') })));
  return seen;
}
