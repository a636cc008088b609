import { Unkey } from '@unkey/api';
import * as errors from '@unkey/api/models/errors';

/** A program for `@unkey/api`, in the style of its README. Returns its results, without random values. */
export async function program(options: { serverURL: string; rootKey: string }): Promise<unknown[]> {
  const seen: unknown[] = [];
  const unkey = new Unkey({ ...options, timeoutMs: 10_000 });

  const api = await unkey.apis.createApi({ name: 'migration' });
  const { apiId } = api.data;
  seen.push(api.meta.requestId.slice(0, 4), apiId.slice(0, 4));

  const created = await unkey.keys.createKey(
    {
      apiId,
      prefix: 'app',
      name: 'first',
      externalId: 'user_1',
      meta: { plan: 'pro' },
      permissions: ['documents.read'],
      credits: { remaining: 10, refill: { interval: 'monthly', amount: 10, refillDay: 1 } },
      ratelimits: [{ name: 'requests', limit: 5, duration: 60_000, autoApply: true }],
      enabled: true,
    },
    { timeoutMs: 5000, headers: { 'x-caller': 'migration' } },
  );
  const { key, keyId } = created.data;
  seen.push(key.slice(0, 4));

  const verified = await unkey.keys.verifyKey(
    { key, permissions: 'documents.read', credits: { cost: 2 }, tags: ['path=/'] },
    { timeoutMs: 2000 },
  );
  const { valid, code, credits, identity, ratelimits } = verified.data;
  seen.push({ valid, code, credits, externalId: identity?.externalId });
  seen.push(ratelimits?.map(({ name, remaining }) => ({ name, remaining })));
  if (verified.data.code !== 'VALID') throw new Error(verified.data.code);

  await unkey.keys.updateKey({ keyId, name: null, meta: null, enabled: false });
  const { data } = await unkey.keys.getKey({ keyId }, { signal: AbortSignal.timeout(10_000) });
  seen.push({ name: data.name, meta: data.meta, enabled: data.enabled, refill: data.credits?.refill });
  seen.push((await unkey.keys.verifyKey({ key })).data.code);

  const other = await unkey.keys.createKey({ apiId, name: 'second' });
  for (const name of ['third', 'fourth', 'fifth']) await unkey.keys.createKey({ apiId, name });
  const sizes: number[] = [];
  for await (const page of await unkey.apis.listKeys({ apiId, limit: 2 }))
    sizes.push(page.result.data.length);
  seen.push(sizes);

  const first = await unkey.apis.listKeys({ apiId, limit: 4 });
  const second = await first.next();
  const last = await second?.next();
  seen.push(first.result.pagination?.hasMore, first.result.data.length, second?.result.data.length, last);

  const window = { namespace: 'emails', identifier: 'user_1', limit: 1, duration: 60_000 };
  const allowed = await unkey.ratelimit.limit(window);
  const denied = await unkey.ratelimit.limit(window);
  seen.push(allowed.data.success, denied.data.success, denied.data.remaining);

  const attempts = [
    () => unkey.keys.createKey({ apiId, byteLength: 3 }),
    () => new Unkey({ ...options, rootKey: 'nobody' }).apis.getApi({ apiId }),
    () => unkey.apis.getApi({ apiId: 'api_unknown' }),
    () => unkey.identities.createIdentity({ externalId: 'user_1' }),
    () => unkey.keys.verifyKey({ key: other.data.key, ratelimits: [{ name: 'unheard-of' }] }),
    () => unkey.apis.getApi({ apiId }, { serverURL: `${options.serverURL}/elsewhere` }),
  ];
  for (const attempt of attempts) seen.push(await failureOf(attempt));
  return seen;
}

async function failureOf(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof errors.UnkeyError)) throw error;
    if (error instanceof errors.BadRequestErrorResponse) {
      const { requestId } = JSON.parse(error.body).meta;
      const { detail, errors: places } = error.error;
      return { status: error.statusCode, detail, places, isSame: error.meta.requestId === requestId };
    }
    if (error instanceof errors.UnauthorizedErrorResponse) {
      return { status: error.statusCode, contentType: error.headers.get('content-type') };
    }
    if (error instanceof errors.NotFoundErrorResponse) {
      const { type, detail } = error.data$.error;
      return { type, detail, isSame: error.data$.meta.requestId === error.meta.requestId };
    }
    if (error instanceof errors.ConflictErrorResponse) {
      return { conflict: error.error.title };
    }
    return { status: error.statusCode, body: error.body?.replaceAll(/(req|key)_\w+/g, '') };
  }
}
