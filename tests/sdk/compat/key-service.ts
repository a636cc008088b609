import { type SDKOptions, Unkey } from '@unkey/api';
import type {
  KeyResponseData,
  V2KeysCreateKeyRequestBody,
  V2KeysCreateKeyResponseData,
} from '@unkey/api/models/components';
import { KeyCreditsRefillInterval, Operation } from '@unkey/api/models/components';
import type { World } from './world.ts';

interface Customer {
  readonly id: string;
  readonly plan: 'free' | 'pro';
}

/** Issues keys for the customers of a shop. */
class KeyService {
  readonly #unkey: Unkey;
  readonly #apiId: string;

  constructor(options: SDKOptions, apiId: string) {
    this.#unkey = new Unkey(options);
    this.#apiId = apiId;
  }

  async issue({ id, plan }: Customer, name?: string): Promise<V2KeysCreateKeyResponseData> {
    const request: V2KeysCreateKeyRequestBody = {
      apiId: this.#apiId,
      name,
      prefix: 'shop',
      externalId: id,
      meta: { plan, seats: { used: 1 } },
      roles: plan === 'pro' ? ['editor'] : [],
      ratelimits: [{ name: 'requests', limit: plan === 'pro' ? 100 : 10, duration: 60_000 }],
      credits:
        plan === 'free'
          ? {
              remaining: 3,
              refill: { interval: KeyCreditsRefillInterval.Monthly, amount: 3, refillDay: 1 },
            }
          : undefined,
    };
    return (await this.#unkey.keys.createKey(request)).data;
  }

  async describe(keyId: string): Promise<string> {
    const { data } = await this.#unkey.keys.getKey({ keyId });
    return describe(data);
  }

  async topUp(keyId: string, value: number): Promise<number | null> {
    const { data } = await this.#unkey.keys.updateCredits({ keyId, operation: Operation.Increment, value });
    return data.remaining;
  }

  async rename(keyId: string, name: string | null): Promise<void> {
    await this.#unkey.keys.updateKey({ keyId, name });
  }

  async replace(keyId: string): Promise<string> {
    return (await this.#unkey.keys.rerollKey({ keyId, expiration: 0 })).data.keyId;
  }

  async revoke(keyId: string): Promise<boolean> {
    const { meta } = await this.#unkey.keys.deleteKey({ keyId });
    return meta.requestId.startsWith('req_');
  }
}

function describe(key: KeyResponseData): string {
  const { plan, seats } = key.meta ?? {};
  const limits = key.ratelimits?.map((limit) => `${limit.name} ${limit.limit} ${limit.autoApply}`);
  return [
    key.start.slice(0, 5),
    key.name ?? 'unnamed',
    key.enabled,
    plan.toUpperCase(),
    seats?.used,
    key.roles?.join(),
    key.credits?.remaining,
    key.credits?.refill?.interval,
    key.credits?.refill?.refillDay,
    key.identity?.externalId,
    limits,
  ].join(' | ');
}

export async function program({ serverURL, rootKey }: World): Promise<unknown[]> {
  const admin = new Unkey({ serverURL, rootKey });
  const { data: api } = await admin.apis.createApi({ name: 'shop' });
  await admin.permissions.createPermission({ name: 'Write', slug: 'documents.write' });
  await admin.permissions.createRole({ name: 'editor', description: 'May write' });

  const service = new KeyService({ serverURL, rootKey: async () => rootKey }, api.apiId);
  const seen: unknown[] = [];
  const free = await service.issue({ id: 'ann', plan: 'free' }, 'first');
  const pro = await service.issue({ id: 'bob', plan: 'pro' });
  seen.push(free.key.slice(0, 5), pro.keyId.slice(0, 4));
  seen.push(await service.describe(free.keyId), await service.describe(pro.keyId));
  seen.push(await service.topUp(free.keyId, 4));
  await service.rename(free.keyId, null);
  seen.push(await service.describe(free.keyId));
  const successor = await service.replace(pro.keyId);
  seen.push(successor !== pro.keyId, await service.describe(successor));
  seen.push(await service.revoke(successor));

  const identity = await admin.identities.updateIdentity({ identity: 'ann', meta: { city: 'Oslo' } });
  seen.push(identity.data.meta?.city.length);
  seen.push(Object.keys(await admin.identities.deleteIdentity({ identity: 'bob' })));
  seen.push((await admin.apis.deleteApi({ apiId: api.apiId })).data);
  return seen;
}
