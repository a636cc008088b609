import { Unkey } from '@unkey/api';
import * as components from '@unkey/api/models/components';
import type { World } from './world.ts';

type Verification = components.V2KeysVerifyKeyResponseData;

interface Decision {
  readonly status: number;
  readonly reason: string;
}

const statuses: Record<string, number> = {
  [components.Code.Valid]: 200,
  [components.Code.NotFound]: 401,
  [components.Code.Disabled]: 401,
  [components.Code.Expired]: 401,
  [components.Code.Forbidden]: 403,
  [components.Code.InsufficientPermissions]: 403,
  [components.Code.RateLimited]: 429,
  [components.Code.UsageExceeded]: 402,
};

function decide({ valid, code, credits, ratelimits }: Verification): Decision {
  const left = ratelimits?.map(({ name, remaining, exceeded }) => `${name} ${remaining} ${exceeded}`) ?? [];
  const reason = [valid, code, `credits ${credits ?? 'unlimited'}`, ...left].join(', ');
  return { status: statuses[code] ?? 403, reason };
}

/** What a test of an application makes. */
const fake: Verification = { valid: true, code: 'VALID', credits: 7 };

export async function program({ serverURL, rootKey }: World): Promise<unknown[]> {
  const unkey = new Unkey({ serverURL, rootKey, timeoutMs: 10_000 });
  const { apiId } = (await unkey.apis.createApi({ name: 'door' })).data;
  const create = async (settings: Partial<components.V2KeysCreateKeyRequestBody>) =>
    (await unkey.keys.createKey({ apiId, ...settings })).data;
  const writer = await create({
    permissions: ['documents.read', 'documents.write'],
    ratelimits: [{ name: 'requests', limit: 2, duration: 3_600_000, autoApply: true }],
  });
  const poor = await create({ credits: { remaining: 2 } });
  const disabled = await create({ enabled: false });
  const expired = await create({ expires: 1 });

  const requests: components.V2KeysVerifyKeyRequestBody[] = [
    { key: writer.key, permissions: 'documents.read AND documents.write' },
    { key: writer.key, permissions: 'users.view OR (documents.read AND users.list)' },
    { key: writer.key, tags: ['path=/documents'] },
    { key: writer.key },
    { key: writer.key, ratelimits: [{ name: 'requests', cost: 0 }] },
    { key: writer.key, ratelimits: [{ name: 'exports', limit: 1, duration: 3_600_000, cost: 1 }] },
    { key: poor.key, credits: { cost: 2 } },
    { key: poor.key },
    { key: poor.key, credits: undefined, tags: undefined },
    { key: disabled.key },
    { key: expired.key },
    { key: 'nobody' },
  ];
  const seen: unknown[] = [decide(fake)];
  for (const request of requests) seen.push(decide((await unkey.keys.verifyKey(request)).data));
  const { data } = await unkey.keys.whoami({ key: writer.key });
  seen.push(data.permissions, data.lastUsedAt === undefined || data.lastUsedAt > 0);
  return seen;
}
