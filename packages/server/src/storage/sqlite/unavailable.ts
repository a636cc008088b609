import { translateErrors } from '../../base/translate-errors.ts';
import { StorageUnavailableError } from '../port/storage.ts';

/** SQLite's primary result codes for failures of the machine, not of the statement. */
const reasons: ReadonlyMap<number, string> = new Map([
  [5, 'Another process has kept the database locked for too long. End long-running local commands.'],
  [8, "The database cannot be written. Give the server's user write access to the data folder."],
  [10, "The database's disk cannot be read or written. Check the disk, its free space and its quota."],
  [13, 'The disk of the data folder is full. Free some space; nothing has to be restarted.'],
  [14, 'The database file cannot be opened. Check the data folder and how many files may be open.'],
]);

/** A `StorageUnavailableError` for a failure of the machine; any other error as it is. */
export function unavailable(error: unknown): unknown {
  const reason = reasons.get(resultCodeOf(error) & 0xff);
  return reason === undefined ? error : new StorageUnavailableError(reason, { cause: error });
}

export function isOutOfSpace(error: unknown): boolean {
  return (resultCodeOf(error) & 0xff) === 13;
}

/** Runs `work`; a failure of the machine is thrown as a `StorageUnavailableError`. */
export function withStorageErrors<Result>(work: () => Result): Result {
  try {
    const result = work();
    // The promise of the same result, so the cast only restates its type.
    return result instanceof Promise ? (translateErrors(result, unavailable) as Result) : result;
  } catch (error) {
    throw unavailable(error);
  }
}

/** Whether another connection has the lock. */
export function isLocked(error: unknown): boolean {
  return (resultCodeOf(error) & 0xff) === 5;
}

function resultCodeOf(error: unknown): number {
  const isCoded = typeof error === 'object' && error !== null && 'errcode' in error;
  return isCoded && typeof error.errcode === 'number' ? error.errcode : 0;
}
