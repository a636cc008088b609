import { createApp, createLog, loadConfig, openStorage, removeDeletedRows } from '@unkey-ts/server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DataPlace, newDataPlace } from '../data-place.ts';
import { fakeClock } from '../service.ts';
import { callInProcess } from './in-process.ts';

const day = 86_400_000;

let place: DataPlace;
beforeEach(async () => {
  place = await newDataPlace();
});
afterEach(() => place.remove());

/** Verifies and deletes one key on the first day and another one on the 21st; stops; processes start on the 32nd, and end. */
async function lifeOf(env: Record<string, string>) {
  const clock = fakeClock();
  const config = loadConfig({
    flags: { 'data-dir': place.dataDir },
    env: { ...place.env, ...env },
    cwd: place.dataDir,
  });
  const log = createLog({ level: 'silent' });
  const app = await createApp({ config, clock, log, hasJobs: false });
  const rootKey = app.firstStart?.rootKey ?? '';
  const call = async (operation: Parameters<typeof callInProcess>[1], body: unknown) =>
    (await callInProcess(app, operation, { rootKey, body })).body.data;
  const { apiId } = await call('apis.createApi', { name: 'short-lived keys' });
  for (const days of [20, 11]) {
    const { key, keyId } = await call('keys.createKey', { apiId });
    expect(await call('keys.verifyKey', { key })).toMatchObject({ code: 'VALID' });
    await call('keys.deleteKey', { keyId });
    clock.advance(days * day);
  }
  await app.close();

  // Of processes of one folder there is only one.
  const processes = config.databaseUrl === undefined ? 1 : 2;
  const starting = Array.from({ length: processes }, () => createApp({ config, clock, log }));
  for (const started of await Promise.all(starting)) await started.close();

  const { storage, openEvents } = await openStorage(config);
  const archive = await openEvents();
  const left = {
    rows: await removeDeletedRows({ storage }, clock.now() + 365 * day),
    events: await archive.deleteBefore(Number.MAX_SAFE_INTEGER, 100),
  };
  await archive.close();
  await storage.close();
  return left;
}

test('rows that became due while no server ran are removed at the next start, and others are not', async () => {
  expect(await lifeOf({ UNKEY_EVENTS_RETENTION: '30d' })).toEqual({ rows: 1, events: 1 });
});

test('events are stored if the setting says so', async () => {
  expect(await lifeOf({ UNKEY_EVENTS_RETENTION: 'off' })).toEqual({ rows: 1, events: 2 });
});
