import type { ClientBase } from 'pg';
import { UnsuitableDatabaseError } from './server-check.ts';

/** A busy pooler may give a client the same server connection several times in a row. */
const attempts = 20;

/**
 * Throws when a pooler in transaction mode stands in front of the database: LISTEN, session settings and named statements
 * do not work through it. Such a pooler gives the server connection of an idle client to the next one: two clients see the
 * same process, or one client sees another process than before. Otherwise each keeps its own.
 */
export async function refuseTransactionPooling(first: ClientBase, second: ClientBase): Promise<void> {
  const own = await serverProcesses(first, second);
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const [ofFirst, ofSecond] = await serverProcesses(first, second);
    if (ofFirst === ofSecond || ofFirst !== own[0] || ofSecond !== own[1]) {
      throw new UnsuitableDatabaseError(
        'DATABASE_URL leads to a pooler in transaction mode (such as PgBouncer with pool_mode=transaction), through which ' +
          'LISTEN and session settings do not work. Use pool_mode=session, or connect to PostgreSQL directly.',
      );
    }
  }
}

async function serverProcesses(first: ClientBase, second: ClientBase): Promise<[unknown, unknown]> {
  return [await serverProcess(first), await serverProcess(second)];
}

async function serverProcess(client: ClientBase): Promise<unknown> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
}
