import type { ClientBase } from 'pg';

export class UnsuitableDatabaseError extends Error {
  override readonly name = 'UnsuitableDatabaseError';
}

const oldestVersion = 13;

/** Throws when the database does not meet the requirements; the message says what to do. */
export async function checkServer(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; folds: boolean }>(`
    SELECT current_setting('server_version_num')::int / 10000 AS version,
      current_setting('server_encoding') AS encoding,
      EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') AS folds`);
  const [found] = rows;
  if (found === undefined) throw new Error('The database returned no row.');
  const problem = problemOf(found);
  if (problem !== null) throw new UnsuitableDatabaseError(problem);
}

function problemOf(found: { version: number; encoding: string; folds: boolean }): string | null {
  if (found.version < oldestVersion) {
    return `The database is PostgreSQL ${found.version}; unkey-ts needs ${oldestVersion} or newer.`;
  }
  if (found.encoding !== 'UTF8') {
    return `The database has the encoding ${found.encoding}. Create one with UTF8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.`;
  }
  if (!found.folds) {
    return 'This PostgreSQL was built without ICU, which case-insensitive search requires. Use one built with ICU.';
  }
  return null;
}
