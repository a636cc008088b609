import { type Unkey as Client, type SDKOptions, Unkey } from '@unkey/api';
import { UnkeyCore } from '@unkey/api/core.js';
import { keysVerifyKey } from '@unkey/api/funcs/keysVerifyKey.js';
import type { V2KeysCreateKeyRequestBody } from '@unkey/api/models/components';
import { KeyCreditsRefillInterval } from '@unkey/api/models/components';
import { ConflictErrorResponse, NotFoundErrorResponse } from '@unkey/api/models/errors';
import type { World } from './world.ts';

const settings: SDKOptions = { timeoutMs: 20_000 };

/** Users of a service who get a key when they sign up. */
class Accounts {
  readonly #unkey: Client;
  readonly #apiId: string;

  constructor(unkey: Client, apiId: string) {
    this.#unkey = unkey;
    this.#apiId = apiId;
  }

  async open(externalId: string): Promise<string> {
    try {
      await this.#unkey.identities.createIdentity({ externalId });
    } catch (error) {
      if (error instanceof ConflictErrorResponse) return `taken (${error.error.status})`;
      throw error;
    }
    const request: V2KeysCreateKeyRequestBody = {
      apiId: this.#apiId,
      externalId,
      ratelimits: [{ name: 'requests', limit: 10, duration: 60_000 }],
      credits: {
        remaining: 5,
        refill: { interval: KeyCreditsRefillInterval.Monthly, amount: 5, refillDay: 1 },
      },
    };
    const { data } = await this.#unkey.keys.createKey(request, {
      retries: { strategy: 'backoff', retryConnectionErrors: true },
      retryCodes: ['503'],
      headers: { 'x-caller': 'accounts' },
    });
    return data.key;
  }

  async keysOf(externalId: string): Promise<string[]> {
    const found: string[] = [];
    for await (const page of await this.#unkey.apis.listKeys({ apiId: this.#apiId, externalId, limit: 1 })) {
      for (const { ratelimits, credits } of page.result.data) {
        const limits = ratelimits?.map(({ name, autoApply }) => `${name} ${autoApply}`);
        found.push(`${limits} ${credits?.remaining} ${credits?.refill?.interval}`);
      }
    }
    return found;
  }
}

export async function program({ serverURL, rootKey }: World): Promise<unknown[]> {
  const unkey = new Unkey({ serverURL, rootKey, retryConfig: { strategy: 'none' }, ...settings });
  const { apiId } = (await unkey.apis.createApi({ name: 'accounts' })).data;
  const accounts = new Accounts(unkey, apiId);
  const key = await accounts.open('ann');
  const seen: unknown[] = [await accounts.open('ann'), await accounts.keysOf('ann')];

  const { valid, code, credits, identity } = (await unkey.keys.verifyKey({ key })).data;
  seen.push({ valid, code, credits, user: identity?.externalId });
  const core = new UnkeyCore({ serverURL, rootKey });
  const result = await keysVerifyKey(core, { key, credits: { cost: 3 } }, { timeoutMs: 5000 });
  seen.push(result.ok && result.value.data.credits);
  const unknown = await keysVerifyKey(core, { key: 'nobody' });
  seen.push(unknown.ok && unknown.value.data.code);
  try {
    await unkey.apis.getApi({ apiId: 'api_unknown' });
  } catch (error) {
    if (!(error instanceof NotFoundErrorResponse)) throw error;
    seen.push(error.statusCode, error.error.title, typeof error.meta.requestId);
  }
  return seen;
}
