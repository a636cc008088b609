import { startPostgres } from './postgres.ts';

/** Before all suites of a run: a PostgreSQL for them, unless `UNKEY_TEST_DATABASE_URL` names one. */
export default async function setUp(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.UNKEY_TEST_DATABASE_URL) return undefined;
  const postgres = await startPostgres();
  process.env.UNKEY_TEST_DATABASE_URL = postgres.url;
  return () => postgres.close();
}
