import { expect, test } from 'vitest';
import { startService } from '../service.ts';

/** What is stored of a verification and a limit decision, and the ids in it. */
async function recorded(env: Record<string, string>) {
  const service = await startService({ env });
  try {
    const data = async (...call: Parameters<typeof service.call>) => (await service.call(...call)).body.data;
    const { apiId } = await data('apis.createApi', { name: 'events' });
    const { key, keyId } = await data('keys.createKey', { apiId });
    expect(await data('keys.verifyKey', { key, tags: ['path=/v1'] })).toMatchObject({ code: 'VALID' });
    const limit = { namespace: 'mails', identifier: 'somebody', limit: 1, duration: 60_000 };
    expect(await data('ratelimit.limit', limit)).toMatchObject({ success: true });
    await service.app.services.events.flush();
    return { stored: await service.place.events(), ids: [apiId, keyId, 'path=/v1', 'somebody'] };
  } finally {
    await service.close();
  }
}

test('a verification and a limit decision leave events', async () => {
  const { stored, ids } = await recorded({});
  for (const id of ids) expect(stored).toContain(id);
});

test('with UNKEY_EVENTS=off they leave none', async () => {
  const { stored, ids } = await recorded({ UNKEY_EVENTS: 'off' });
  for (const id of ids) expect(stored).not.toContain(id);
});
