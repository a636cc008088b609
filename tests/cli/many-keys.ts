import { mkdirSync, statSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import { databaseFileOf } from '@unkey-ts/server';
import { migrate } from '../../packages/server/src/storage/sqlite/migrations.ts';

/** Fills a data folder with keys of one API, each with three kilobytes of metadata; returns the size of the database. */
export function manyKeys(dataDir: string, count: number): number {
  mkdirSync(dataDir);
  const file = databaseFileOf(dataDir);
  const database = new DatabaseSync(file);
  migrate(database);
  database.exec(`
    BEGIN;
    INSERT INTO workspaces VALUES ('ws_1', 'Many', 1, NULL, NULL, 1);
    INSERT INTO apis VALUES ('api_1', 'ws_1', 'Many', 'ks_1', NULL, 0, NULL, NULL, 1, NULL);
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
    INSERT INTO keys
      (id, workspace_id, api_id, hash, start, byte_length, meta, is_enabled, created_at)
    SELECT 'key_' || n, 'ws_1', 'api_1', hex(randomblob(32)), 'abcd', 16,
      '{"text":"' || hex(zeroblob(1536)) || '"}', 1, n FROM numbers;
    COMMIT`);
  database.close();
  return statSync(file).size;
}
