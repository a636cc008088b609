import { test } from 'vitest';
import { createDatabase } from '../postgres.ts';
import { expectExactCounts } from './counting.ts';

test('three processes on one PostgreSQL let exactly the limits pass', async () => {
  const database = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
  try {
    await expectExactCounts('postgres', database.url);
  } finally {
    await database.drop();
  }
});
