import type { ClientBase } from 'pg';
import { UnsuitableDatabaseError } from './server-check.ts';

/** Throws when `unkey migrate-data` has not finished on this database: keys would be missing and answered as not found. */
export async function refuseUnfinishedTransfer(client: ClientBase): Promise<void> {
  const { rows: tables } = await client.query(
    "SELECT 1 FROM to_regclass('data_transfer') t WHERE t IS NOT NULL",
  );
  if (tables.length === 0) return;
  const { rows } = await client.query('SELECT 1 FROM data_transfer WHERE finished_at IS NULL');
  if (rows.length === 0) return;
  throw new UnsuitableDatabaseError(
    '`unkey migrate-data` into this database has not finished. Run the same command again until it ends, or use another ' +
      'database.',
  );
}
