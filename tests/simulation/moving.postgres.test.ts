import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, migrateData, type TransferPlace } from '@unkey-ts/server';
import { afterEach, expect, test } from 'vitest';
import { createDatabase } from '../postgres.ts';
import { simulate } from './run.ts';
import { startSubject } from './subject.ts';

const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of removals.splice(0)) await remove();
});

test('a service that moves from database to folder and back matches the model', async () => {
  let moves = 0;
  const subject = await startSubject(async (from) => {
    moves++;
    return moved(from);
  });
  try {
    for (let seed = 1; seed <= 12; seed++) {
      await simulate(subject, { seed, steps: 60 });
      await subject.restart();
    }
  } finally {
    await subject.close();
  }
  expect(moves).toBeGreaterThanOrEqual(12);
});

/** Moves all data to a new database of the other kind. */
async function moved(from: Config): Promise<Config> {
  const to = from.databaseUrl === undefined ? await inNewDatabase(from) : await inNewFolder(from);
  await migrateData({ from: placeOf(from), to: placeOf(to), now: () => 0, onStep: () => {} });
  return to;
}

function placeOf({ databaseUrl, dataDir }: Config): TransferPlace {
  return databaseUrl === undefined ? { dataDir } : { url: databaseUrl, name: 'the database' };
}

async function inNewDatabase(config: Config): Promise<Config> {
  const { url, drop } = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
  removals.push(drop);
  return { ...config, databaseUrl: url };
}

async function inNewFolder(config: Config): Promise<Config> {
  const dataDir = await mkdtemp(join(tmpdir(), 'unkey-moving-'));
  removals.push(() => rm(dataDir, { recursive: true, force: true }));
  return { ...config, dataDir, databaseUrl: undefined };
}
