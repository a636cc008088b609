import { parentPort, workerData } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import { errorCode } from '../base/error-code.ts';
import { type ParkRequest, park } from '../base/park-worker.ts';
import { createPrivateFile } from '../base/private-file.ts';
import { batchSpanMs } from './batch-text.ts';
import type { EventBatch } from './port.ts';
import type { WorkerReply, WorkerRequest, WorkerTask } from './sqlite.ts';
import { migrateEvents } from './sqlite-schema.ts';
import { workspacesIn } from './workspaces-in.ts';

/** Deletes the oldest events of each workspace from a table of older versions, with one row for each event. */
function countIn(table: 'verification_rows' | 'ratelimit_rows'): string {
  return `
    WITH ${workspacesIn(table)}
    SELECT count(*) AS count FROM (
      SELECT 1 FROM workspaces CROSS JOIN ${table} old ON old.workspace_id = workspaces.id WHERE old.at < ? LIMIT ?
    )`;
}

function deletionFrom(table: 'verification_rows' | 'ratelimit_rows'): string {
  return `
    WITH ${workspacesIn(table)}
    DELETE FROM ${table} WHERE rowid IN (
      SELECT old.rowid FROM workspaces CROSS JOIN ${table} old ON old.workspace_id = workspaces.id
      WHERE old.at < ? LIMIT ?
    )`;
}

// `openSqliteEvents` starts this thread with this shape.
const { file } = workerData as { file: string };

createPrivateFile(file);
const database = new DatabaseSync(file, { timeout: 5000 });
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
migrateEvents(database);

const insertBatch = database.prepare(
  'INSERT INTO event_batches (at, count, subjects, verifications, ratelimits) VALUES (?, ?, ?, ?, ?)',
);
const oldBatches = database.prepare(
  'SELECT id, count FROM event_batches WHERE at <= ? ORDER BY at, id LIMIT ?',
);
const deleteBatch = database.prepare('DELETE FROM event_batches WHERE id = ?');
const deleteVerifications = database.prepare(deletionFrom('verification_rows'));
const countVerifications = database.prepare(countIn('verification_rows'));
const countRatelimits = database.prepare(countIn('ratelimit_rows'));
// A batch holds at least one event, so `limit` batches suffice.
const countBatches = database.prepare(
  'SELECT coalesce(sum(count), 0) AS count FROM (SELECT count FROM event_batches WHERE at <= ? LIMIT ?)',
);
const deleteRatelimits = database.prepare(deletionFrom('ratelimit_rows'));

parentPort?.on('message', (request: WorkerRequest | ParkRequest) => {
  if ('park' in request) return park(request);
  if (request.type === 'close') {
    database.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(replyTo(request));
});

function replyTo(task: WorkerTask): WorkerReply {
  try {
    return { type: 'done', count: run(task) };
  } catch (error) {
    return failure(error);
  }
}

function run(task: WorkerTask): number {
  if (task.type === 'delete') return deleteBefore(task.before, task.limit);
  if (task.type === 'write') return store(task.batch);
  if (task.type === 'count') return countBefore(task.before, task.limit);
  return 0;
}

function store({ at, count, subjects, verifications, ratelimits }: EventBatch): number {
  insertBatch.run(at, count, subjects, verifications, ratelimits);
  return count;
}

function deleteBefore(before: number, limit: number): number {
  let deleted = Number(deleteVerifications.run(before, limit).changes);
  deleted += Number(deleteRatelimits.run(before, limit - deleted).changes);
  return deleted + deleteBatchesBefore(before, limit - deleted);
}

function countBefore(before: number, limit: number): number {
  const counts = [countVerifications.get(before, limit), countRatelimits.get(before, limit)];
  const all = [...counts, countBatches.get(before - batchSpanMs, limit)] as { count: number }[];
  return Math.min(
    limit,
    all.reduce((sum, { count }) => sum + count, 0),
  );
}

function deleteBatchesBefore(before: number, limit: number): number {
  // A batch holds at least one event, so `limit` batches suffice.
  const old = oldBatches.all(before - batchSpanMs, limit) as { id: number; count: number }[];
  let deleted = 0;
  inTransaction(() => {
    for (const { id, count } of old) {
      if (deleted >= limit) return;
      deleteBatch.run(id);
      deleted += count;
    }
  });
  return deleted;
}

function inTransaction(run: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    run();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function failure(error: unknown): WorkerReply {
  const message = error instanceof Error ? error.message : 'unknown error';
  return { type: 'failed', message, code: errorCode(error) };
}
