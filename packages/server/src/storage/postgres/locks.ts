import { createHash } from 'node:crypto';
import type { WriteScope } from '../port/storage.ts';

// Advisory locks are shared by all programs on the database: the first number tells ours apart.
const family = 1_970_170_725;

/** Arguments of the advisory lock held while the schema changes. */
export const schemaLock = `${family}, 1`;

/** Arguments of the global write lock: an exclusive holder is the only writer. */
export const globalLock = `${family}, 0`;

/**
 * SQL that begins a transaction and waits for its locks. Scope `alone` holds the global lock exclusively, every other
 * scope shares it, and that of a workspace also holds the lock of the workspace. Under READ COMMITTED, statements after
 * the wait see what was committed during it.
 */
export function beginSql(scope: WriteScope): string {
  const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED';
  if (scope === 'alone') return `${begin}; SELECT pg_advisory_xact_lock(${globalLock})`;
  const shared = `${begin}; SELECT pg_advisory_xact_lock_shared(${globalLock})`;
  if (scope === 'unordered') return shared;
  return `${shared}; SELECT pg_advisory_xact_lock(${family}, ${workspaceLock(scope.workspaceId)})`;
}

/** Two workspaces with equal numbers share a lock, which is harmless. */
function workspaceLock(workspaceId: string): number {
  const number = createHash('sha256').update(workspaceId).digest().readInt32BE();
  return number === 0 || number === 1 ? 2 : number;
}
