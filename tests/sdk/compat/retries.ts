import { HTTPClient, type SDKOptions, Unkey } from '@unkey/api';
import type { RetryConfig } from '@unkey/api/lib/retries.js';
import type { RequestOptions } from '@unkey/api/lib/sdks';
import type { World } from './world.ts';

const backoff: Extract<RetryConfig, { strategy: 'backoff' }> = {
  strategy: 'backoff',
  backoff: { initialInterval: 1, maxInterval: 5, exponent: 1.1, maxElapsedTime: 60_000 },
  retryConnectionErrors: true,
};

/** Fails a few times, then passes requests on. */
class FlakyClient extends HTTPClient {
  attempts = 0;
  readonly #failures: number;
  readonly #fail: () => Response;

  constructor(failures: number, fail: () => Response) {
    super();
    this.#failures = failures;
    this.#fail = fail;
  }

  override async request(request: Request): Promise<Response> {
    this.attempts += 1;
    return this.attempts <= this.#failures ? this.#fail() : super.request(request);
  }
}

const unavailable = () => new Response('busy', { status: 503 });
const limited = () => new Response('slow down', { status: 429, headers: { 'retry-after-ms': '1' } });
const offline = (): Response => {
  throw new TypeError('fetch failed');
};
const bug = (): Response => {
  throw new Error('a bug in the client');
};

export async function program({ serverURL, rootKey }: World): Promise<unknown[]> {
  const { apiId } = (await new Unkey({ serverURL, rootKey }).apis.createApi({ name: 'retries' })).data;
  const seen: unknown[] = [];
  const attempt = async (
    name: string,
    [failures, fail]: readonly [number, () => Response],
    settings: SDKOptions,
    options?: RequestOptions,
  ): Promise<void> => {
    const httpClient = new FlakyClient(failures, fail);
    const unkey = new Unkey({ serverURL, rootKey, httpClient, ...settings });
    const outcome = await unkey.apis.getApi({ apiId }, options).then(
      ({ data }) => data.name,
      (error: Error) => error.name,
    );
    seen.push([name, outcome, httpClient.attempts]);
  };

  await attempt('three outages', [3, unavailable], { retryConfig: backoff });
  await attempt('no retries', [1, unavailable], { retryConfig: { strategy: 'none' } });
  await attempt('offline', [2, offline], { retryConfig: backoff });
  await attempt('a bug', [1, bug], { retryConfig: backoff });
  await attempt('offline, and only statuses', [1, offline], {
    retryConfig: { ...backoff, retryConnectionErrors: false },
  });
  await attempt('a limit', [1, limited], { retryConfig: backoff });
  await attempt(
    'a limit that is named',
    [1, limited],
    { retryConfig: backoff },
    { retryCodes: ['429', '5XX'] },
  );
  await attempt(
    'for one call',
    [1, unavailable],
    { retryConfig: { strategy: 'none' } },
    { retries: backoff },
  );
  await attempt(
    'not for one call',
    [1, unavailable],
    { retryConfig: backoff },
    { retries: { strategy: 'none' } },
  );

  // A verification, too, and it is counted once.
  const httpClient = new FlakyClient(2, unavailable);
  const unkey = new Unkey({ serverURL, rootKey, httpClient, retryConfig: backoff });
  const steady = new Unkey({ serverURL, rootKey });
  const { key } = (await steady.keys.createKey({ apiId, credits: { remaining: 5 } })).data;
  seen.push((await unkey.keys.verifyKey({ key })).data.credits, httpClient.attempts);
  return seen;
}
