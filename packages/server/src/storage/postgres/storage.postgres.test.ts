import { afterAll, beforeAll } from 'vitest';
import { createDatabase, execute } from '../../../../../tests/postgres.ts';
import { storageConformance } from '../conformance/storage-conformance.ts';
import { openPostgresStorage } from './storage.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
beforeAll(async () => {
  database = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
});
afterAll(() => database.drop());

storageConformance('storage in a PostgreSQL database', async (onCommit) => {
  const { url } = database;
  await execute(url, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  const { storage } = await openPostgresStorage({ url, onCommit });
  const opened = [storage];
  return {
    storage,
    async openAnother() {
      const { storage: another } = await openPostgresStorage({ url, onCommit: () => {} });
      opened.push(another);
      return another;
    },
    async close() {
      for (const one of opened) await one.close();
    },
  };
});
