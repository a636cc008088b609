import { refillDueKeys } from '@unkey-ts/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Service, startService } from '../service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const day = 86_400_000;
const refill = { interval: 'daily', amount: 10 };

test('a sweep refills what is due, once, and limits no unlimited key', async () => {
  const { apiId } = (await service.call('apis.createApi', { name: 'swept' })).body.data;
  const makeKey = async (credits: object): Promise<string> =>
    (await service.call('keys.createKey', { apiId, credits })).body.data.keyId;
  const low = await makeKey({ remaining: 2, refill });
  const high = await makeKey({ remaining: 50, refill });
  const deleted = await makeKey({ remaining: 2, refill });
  const unlimited = await makeKey({ remaining: 2, refill });
  await service.call('keys.deleteKey', { keyId: deleted });
  await service.call('keys.updateKey', { keyId: unlimited, credits: { remaining: null, refill } });

  service.clock.advance(day);
  const { services } = service.app;
  expect(await refillDueKeys(services, service.clock.now())).toBe(1);
  expect(await refillDueKeys(services, service.clock.now())).toBe(0);

  const stored = (keyId: string) =>
    services.storage.read((store) => store.keys.find(service.workspaceId, keyId));
  expect((await stored(low))?.credits.remaining).toBe(10);
  expect((await stored(high))?.credits.remaining).toBe(50);
  expect((await stored(unlimited))?.credits.remaining).toBeNull();
  expect((await stored(high))?.updatedAt).toBeNull();
  const records = await services.storage.read((store) =>
    store.audit.list({ since: service.clock.now(), workspaceId: service.workspaceId, limit: 100 }),
  );
  expect(records).toMatchObject([
    {
      event: 'key.update',
      actor: { type: 'system', id: 'keyrefill' },
      display: 'Refilled 1 key whose refill was due',
      resources: [{ type: 'workspace', id: service.workspaceId, meta: { refilled_keys: 1 } }],
    },
  ]);
});
