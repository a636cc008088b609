import type { Client } from 'pg';
import { errorCode } from '../../base/error-code.ts';
import { StorageUnavailableError } from '../port/storage.ts';
import { globalLock } from '../postgres/locks.ts';
import { migrate } from '../postgres/migrations.ts';
import { UnsuitableDatabaseError } from '../postgres/server-check.ts';
import { connectSuitable } from '../postgres/suitable-client.ts';
import { unavailable } from '../postgres/unavailable.ts';
import { refuseUnfinishedTransfer } from '../postgres/unfinished-transfer.ts';
import {
  DuplicateRowError,
  type Row,
  type TransferConnection,
  TransferError,
  type TransferSource,
  type TransferTarget,
} from './connection.ts';
import { progressTable } from './progress.ts';

interface Side {
  readonly url: string;
  /** For messages: `--to`. */
  readonly name: string;
}

/** A database that no server uses, read in one snapshot. */
export async function openPostgresSource(side: Side): Promise<TransferSource> {
  const { client, connection, close } = await connect(side);
  try {
    const tables = await connection.tableNames();
    if (!tables.has('workspaces'))
      throw new TransferError('The source holds no data: there is nothing to move.');
    await withSideErrors(side, refuseUnfinishedTransfer(client));
    await withSideErrors(side, migrate(client));
    await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return { connection, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** An empty database, or one that an earlier run has started to fill. */
export async function openPostgresTarget(side: Side): Promise<TransferTarget> {
  const { client, connection, close } = await connect(side);
  return {
    connection,
    howToEmpty: 'Give it an empty database (`createdb NAME`).',
    migrate: () => withSideErrors(side, migrate(client)),
    async finish(now) {
      await connection.query(`
        SELECT setval(pg_get_serial_sequence('audit_log', 'sequence'), max(sequence))
        FROM audit_log HAVING count(*) > 0`);
      await connection.query('ANALYZE');
      await connection.query(`UPDATE ${progressTable} SET finished_at = $1`, [now]);
    },
    close,
  };
}

async function connect(side: Side) {
  const client = await withSideErrors(side, connectSuitable(side.url, 'unkey-ts migrate-data'));
  const close = () => client.end().catch(() => {});
  try {
    await withSideErrors(side, client.query(settings));
    await withSideErrors(side, takeAlone(client, side));
  } catch (error) {
    await close();
    throw error;
  }
  return { client, connection: connectionTo(client, side), close };
}

// A slow other side is no reason to end a transaction. The lock timeout covers a killed run that still holds the lock.
const settings = "SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '10s'";

/** Locks servers out: their writes during the transfer would be lost. */
async function takeAlone(client: Client, { name }: Side): Promise<void> {
  const inUse = new TransferError(
    `The database of ${name} is in use by unkey-ts. Stop its servers and commands, then run this again.`,
  );
  try {
    await client.query(`SELECT pg_advisory_lock(${globalLock})`);
  } catch (error) {
    throw errorCode(error) === '55P03' ? inUse : error;
  }
  // A server that has just ended may still be listed for a moment.
  for (let attempt = 1; await isUsed(client); attempt++) {
    if (attempt === 20) throw inUse;
    await client.query('SELECT pg_sleep(0.1)');
  }
}

async function isUsed(client: Client): Promise<boolean> {
  const { rows } = await client.query(`
    SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'unkey-ts' AND pid <> pg_backend_pid() LIMIT 1`);
  return rows.length > 0;
}

function connectionTo(client: Client, side: Side): TransferConnection {
  const query: TransferConnection['query'] = async (statement, parameters = []) => {
    // The driver does not type rows: every column is text or an integer.
    const { rows } = await withSideErrors(side, client.query<Row>(statement, [...parameters]));
    return rows;
  };
  return {
    query,
    async insert(table, rows) {
      const names = Object.keys(rows[0] ?? {}).map((column) => `"${column}"`);
      // One parameter for any number of rows. The audit log keeps its numbers: they are its order.
      const inserted = query(
        `INSERT INTO ${table} (${names}) OVERRIDING SYSTEM VALUE
         SELECT ${names} FROM json_populate_recordset(NULL::${table}, $1)`,
        [JSON.stringify(rows)],
      );
      await inserted.catch((error: unknown) => {
        throw errorCode(error) === '23505' ? new DuplicateRowError(table, { cause: error }) : error;
      });
    },
    async tableNames() {
      const rows = await query('SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()');
      return new Set(rows.map(({ name }) => String(name)));
    },
  };
}

/** Failures of the machine or of rights become a `TransferError` that names the side and never the connection string. */
async function withSideErrors<Result>({ name }: Side, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    const told = unavailable(error);
    if (told instanceof UnsuitableDatabaseError) throw new TransferError(named(told, name), { cause: error });
    if (!(told instanceof StorageUnavailableError)) throw told;
    const remedy = 'Run the same command again after that: it resumes where it stopped.';
    throw new TransferError(`${named(told, name)} ${remedy}`, { cause: error });
  }
}

/** The reason that a server would give, with the name of the side. */
function named({ message }: Error, name: string): string {
  return message.replace(' A running server reconnects by itself.', '').replaceAll('DATABASE_URL', name);
}
