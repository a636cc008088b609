import { Unkey } from '@unkey/api';
import { type UnkeyContext, unkey } from '@unkey/hono';
import { type Context, Hono } from 'hono';
import type { World } from './world.ts';

interface Environment {
  Variables: { unkey: UnkeyContext };
}

const getKey = (c: Context) => {
  if (c.req.query('debug') !== undefined) return c.text('debug', 418);
  return c.req.query('api_key');
};

export async function program({ serverURL, rootKey }: World): Promise<unknown[]> {
  const admin = new Unkey({ serverURL, rootKey });
  const { apiId } = (await admin.apis.createApi({ name: 'hono' })).data;
  const { key } = (
    await admin.keys.createKey({
      apiId,
      externalId: 'ann',
      meta: { plan: 'pro' },
      permissions: ['documents.read'],
    })
  ).data;

  const app = new Hono<Environment>();
  app.use('/open/*', unkey({ rootKey }));
  app.get('/open/hello', (c) => {
    const { valid, code, identity, meta } = c.get('unkey').data;
    if (!valid) return c.json({ error: 'Unauthorized', code }, 401);
    return c.json({ hello: identity?.externalId, plan: meta?.plan });
  });
  const strict = unkey({
    rootKey,
    getKey,
    tags: ['strict'],
    permissions: 'documents.write',
    handleInvalidKey: (c, result) =>
      c.json({ code: result.data.code, id: result.meta.requestId.slice(0, 4) }, 403),
  });
  app.get('/strict', strict, (c) => c.text('not reached'));
  const reader = unkey({ rootKey, getKey, permissions: 'documents.read' });
  app.get('/reader', reader, (c) => c.json({ code: c.get('unkey').data.code }));
  app.get(
    '/broken',
    unkey({ rootKey: 'nobody', onError: (c, error) => c.json({ message: error.message }, 503) }),
    (c) => c.text('not reached'),
  );
  app.onError((error, c) => c.text(`${error.name}`, 500));

  const seen: unknown[] = [];
  const send = async (path: string, authorization?: string): Promise<void> => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const response = await app.request(path, { headers });
    seen.push([path.replace(key, '…'), response.status, await response.text()]);
  };
  await send('/open/hello', `Bearer ${key}`);
  await send('/open/hello', key);
  await send('/open/hello', 'Bearer nobody');
  await send('/open/hello');
  await send(`/strict?api_key=${key}`);
  await send('/strict');
  await send('/strict?debug');
  await send(`/reader?api_key=${key}`);
  await send('/broken', `Bearer ${key}`);
  return seen;
}
