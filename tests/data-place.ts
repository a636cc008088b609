import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { createDatabase, execute, textOf } from './postgres.ts';

/**
 * Where a service of a test keeps its data: an empty folder, or, when the run has PostgreSQL, an empty database. Limits
 * are counted on the Redis of the run, if it has one.
 */
export interface DataPlace {
  readonly dataDir: string;
  /** The settings of the service. */
  readonly env: Readonly<Record<string, string>>;
  /** All stored data, as anyone with access to the disk can read it. */
  text(): Promise<string>;
  /** The same of usage events alone. */
  events(): Promise<string>;
  /** Changes stored data without the service. */
  execute(statement: string): Promise<void>;
  remove(): Promise<void>;
}

export async function newDataPlace(): Promise<DataPlace> {
  const dataDir = await mkdtemp(join(tmpdir(), 'unkey-ts-'));
  const removeFolder = () => rm(dataDir, { recursive: true, force: true });
  const server = process.env.UNKEY_TEST_DATABASE_URL;
  const redis = process.env.UNKEY_TEST_REDIS ?? '';
  const counters: Record<string, string> = redis.startsWith('redis:') ? { REDIS_URL: redis } : {};
  if (!server) {
    const filesOf = async (database: string) => {
      const files = [database, `${database}-wal`].map((name) => readFile(join(dataDir, name), 'latin1'));
      return (await Promise.all(files)).join('\n');
    };
    return {
      dataDir,
      env: counters,
      text: () => filesOf('unkey.sqlite'),
      events: () => filesOf('events.sqlite'),
      async execute(statement) {
        const database = new DatabaseSync(join(dataDir, 'unkey.sqlite'));
        database.exec(statement);
        database.close();
      },
      remove: removeFolder,
    };
  }
  const { url, drop } = await createDatabase(server);
  return {
    dataDir,
    env: { ...counters, DATABASE_URL: url, UNKEY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') },
    text: () => textOf(url),
    events: () => textOf(url, ['verification_events', 'ratelimit_events']),
    execute: (statement) => execute(url, statement),
    async remove() {
      await drop();
      await removeFolder();
    },
  };
}
