import type { ClientBase } from 'pg';
import { UnsuitableDatabaseError } from './server-check.ts';

/** Throws when `unkey migrate-data` has not come to its end here: keys would be missing, and seem never to have been. */
export async function refuseUnfinishedTransfer(client: ClientBase): Promise<void> {
  const { rows: tables } = await client.query(
    "SELECT 1 FROM to_regclass('data_transfer') t WHERE t IS NOT NULL",
  );
  if (tables.length === 0) return;
  const { rows } = await client.query('SELECT 1 FROM data_transfer WHERE finished_at IS NULL');
  if (rows.length === 0) return;
  throw new UnsuitableDatabaseError(
    'The database holds a part of data that is being moved to it. Run the same `unkey migrate-data` again to its end, ' +
      'or give the server another database.',
  );
}
