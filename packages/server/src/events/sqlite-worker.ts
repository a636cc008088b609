import { parentPort, workerData } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import { errorCode } from '../error-code.ts';
import type { RatelimitEvent, UsageEvent, VerificationEvent } from './port.ts';
import type { WorkerReply, WorkerRequest, WorkerTask } from './sqlite.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS verifications (
    at INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    api_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    identity_id TEXT,
    external_id TEXT,
    outcome TEXT NOT NULL,
    tags TEXT NOT NULL,
    spent_credits INTEGER NOT NULL,
    latency_ms REAL NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS verifications_by_time ON verifications (workspace_id, at);

  CREATE TABLE IF NOT EXISTS ratelimits (
    at INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    namespace_id TEXT NOT NULL,
    identifier TEXT NOT NULL,
    passed INTEGER NOT NULL,
    limit_value INTEGER NOT NULL,
    remaining INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    override_id TEXT,
    latency_ms REAL NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ratelimits_by_time ON ratelimits (workspace_id, at);
`;

/** The index begins with the workspace: they are found in it one after the other, and old events of each by time. */
function deletionFrom(table: 'verifications' | 'ratelimits'): string {
  return `
    WITH RECURSIVE workspaces (id) AS (
      SELECT min(workspace_id) FROM ${table}
      UNION ALL
      SELECT (SELECT min(workspace_id) FROM ${table} WHERE workspace_id > workspaces.id)
        FROM workspaces WHERE workspaces.id IS NOT NULL
    )
    DELETE FROM ${table} WHERE rowid IN (
      SELECT old.rowid FROM workspaces CROSS JOIN ${table} old ON old.workspace_id = workspaces.id
      WHERE old.at < ? LIMIT ?
    )`;
}

// The parent starts this thread with exactly this shape.
const { file } = workerData as { file: string };

const database = new DatabaseSync(file, { timeout: 5000 });
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
database.exec(schema);

const insertVerification = database.prepare(
  'INSERT INTO verifications VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
);
const insertRatelimit = database.prepare('INSERT INTO ratelimits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
const deleteVerifications = database.prepare(deletionFrom('verifications'));
const deleteRatelimits = database.prepare(deletionFrom('ratelimits'));

parentPort?.on('message', (request: WorkerRequest) => {
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
  // Written by this package on the other side of the thread.
  const batch = JSON.parse(task.batchJson) as UsageEvent[];
  insertAll(batch);
  return batch.length;
}

function deleteBefore(before: number, limit: number): number {
  const verifications = Number(deleteVerifications.run(before, limit).changes);
  return verifications + Number(deleteRatelimits.run(before, limit - verifications).changes);
}

function failure(error: unknown): WorkerReply {
  const message = error instanceof Error ? error.message : 'unknown error';
  return { type: 'failed', message, code: errorCode(error) };
}

function insertAll(batch: readonly UsageEvent[]): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const event of batch) insert(event);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function insert(event: UsageEvent): void {
  if (event.type === 'verification') storeVerification(event);
  else storeRatelimit(event);
}

function storeVerification(event: VerificationEvent): void {
  insertVerification.run(
    event.at,
    event.requestId,
    event.workspaceId,
    event.apiId,
    event.keyId,
    event.identityId,
    event.externalId,
    event.outcome,
    JSON.stringify(event.tags),
    event.spentCredits,
    event.latencyMs,
  );
}

function storeRatelimit(event: RatelimitEvent): void {
  insertRatelimit.run(
    event.at,
    event.requestId,
    event.workspaceId,
    event.namespaceId,
    event.identifier,
    event.passed ? 1 : 0,
    event.limit,
    event.remaining,
    event.cost,
    event.overrideId,
    event.latencyMs,
  );
}
