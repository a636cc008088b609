import { createHash } from 'node:crypto';
import type { WriteScope } from '../port/storage.ts';

// Advisory locks are the database's, not a table's: the first number keeps ours apart from those of other programs.
const family = 1_970_170_725;

/** The arguments of an advisory lock: held while the schema changes. */
export const schemaLock = `${family}, 1`;

/** The arguments of an advisory lock: who holds it alone is the only one that writes. */
export const everything = `${family}, 0`;

/**
 * Begins a transaction that waits for its turn. A write that is alone holds `everything`, any other shares it, and one
 * of a workspace also holds that. In READ COMMITTED the statements after the wait see what was committed during it.
 */
export function beginOf(scope: WriteScope): string {
  const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED';
  if (scope === 'alone') return `${begin}; SELECT pg_advisory_xact_lock(${everything})`;
  const shared = `${begin}; SELECT pg_advisory_xact_lock_shared(${everything})`;
  if (scope === 'unordered') return shared;
  return `${shared}; SELECT pg_advisory_xact_lock(${family}, ${workspaceNumber(scope.workspaceId)})`;
}

/** Two workspaces of one number wait for each other, and nothing else. */
function workspaceNumber(workspaceId: string): number {
  const number = createHash('sha256').update(workspaceId).digest().readInt32BE();
  return number === 0 || number === 1 ? 2 : number;
}
