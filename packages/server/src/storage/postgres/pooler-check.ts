import type { ClientBase } from 'pg';
import { UnsuitableDatabaseError } from './server-check.ts';

const attempts = 3;

/**
 * Throws when a pooler in transaction mode stands in front of the database: LISTEN, session settings and named statements
 * do not work through it. Such a pooler gives the server connection of an idle client to the next one, so two clients see
 * the same process; otherwise each has its own.
 */
export async function refuseTransactionPooling(first: ClientBase, second: ClientBase): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if ((await serverProcess(first)) === (await serverProcess(second))) {
      throw new UnsuitableDatabaseError(
        'DATABASE_URL leads to a pooler in transaction mode (such as PgBouncer with pool_mode=transaction), through which ' +
          'LISTEN and session settings do not work. Use pool_mode=session, or connect to PostgreSQL directly.',
      );
    }
  }
}

async function serverProcess(client: ClientBase): Promise<unknown> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
}
