import {
  AbortError,
  type AbortSignalLike,
  type Fetch,
  isUnkeyError,
  NotFoundErrorResponse,
  TimeoutError,
  Unkey,
  UnkeyCore,
  UnkeyError,
} from 'unkey-ts';
import { Core, verifyKey } from 'unkey-ts/functions';

/** The parameters of a consumer. */
export interface World {
  readonly url: string;
  /** Accepts requests and never responds. */
  readonly silentUrl: string;
  readonly rootKey: string;
}

// Compiled without the types of any runtime, so the used ones are declared here.
declare const AbortController: new () => { readonly signal: AbortSignalLike; abort(): void };
declare const fetch: Fetch;

/** The same program in every runtime. Throws at the first unexpected result. */
export async function program({ url, silentUrl, rootKey }: World): Promise<void> {
  // The page of the browser is a test, and its root key too.
  const options = { rootKey, dangerouslyAllowBrowser: true };
  let requests = 0;
  const countingFetch: Fetch = (address, init) => {
    requests += 1;
    return fetch(address, init);
  };
  let closed: Unkey;
  {
    using unkey = new Unkey({ ...options, serverURL: url, fetch: countingFetch, debug: undefined });
    const { data: api } = await unkey.apis.createApi({ name: 'consumers' });
    const first = await unkey.keys.createKey({ apiId: api.apiId, name: 'a' });
    for (const name of ['b', 'c']) await unkey.keys.createKey({ apiId: api.apiId, name });

    const verification = await unkey.keys.verifyKey({ key: first.data.key }, { timeoutMs: undefined });
    same(verification.data.code, 'VALID');
    same(typeof verification.meta.requestId, 'string');

    const names: string[] = [];
    for await (const key of unkey.apis.listKeys({ apiId: api.apiId, limit: 2 })) names.push(key.name ?? '');
    same(names.sort().join(), 'a,b,c');

    const failure = await failureOf(unkey.keys.getKey({ keyId: 'key_nowhere' }));
    same(failure instanceof NotFoundErrorResponse, true);
    same(failure instanceof UnkeyError, true);
    same(failure instanceof TimeoutError, false);
    same(isUnkeyError(failure) && failure.code, 'key_not_found');
    // Two of them are pages.
    same(requests, 8);
    closed = unkey;
  }
  same((await failureOf(closed.liveness())) instanceof AbortError, true);

  const core = new UnkeyCore({ ...options, serverURL: url });
  same((await core.request('keys.verifyKey', { key: 'unknown' })).data.code, 'NOT_FOUND');
  const small = new Core({ ...options, serverURL: url });
  same((await verifyKey(small, { key: 'unknown' })).data.code, 'NOT_FOUND');

  const silent = new Unkey({ ...options, serverURL: silentUrl });
  const controller = new AbortController();
  const aborted = failureOf(silent.keys.verifyKey({ key: 'any' }, { signal: controller.signal }));
  controller.abort();
  same((await aborted) instanceof AbortError, true);
  same(
    (await failureOf(silent.keys.verifyKey({ key: 'any' }, { timeoutMs: 50 }))) instanceof TimeoutError,
    true,
  );
}

async function failureOf(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('The call did not fail.');
}

function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${String(actual)} instead of ${String(expected)}`);
}
