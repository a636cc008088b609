import type { Services } from '../services.ts';
import { type JobRun, runInSlices } from './slices.ts';

/** Deleted rows stay in the database this long, invisible to the API, for investigations. */
const retentionMs = 30 * 86_400_000;
/** Small, because a key may have many links and the transaction must stay short. */
const sliceSize = 25;

/** How many rows are to be removed, at most `limit`. */
export async function countDeletedRows(
  { storage }: Pick<Services, 'storage'>,
  now: number,
  limit: number,
): Promise<number> {
  return storage.read((store) => store.deletedRows.count(now - retentionMs, limit));
}

/** Removes rows that were deleted 30 days ago and cannot be restored; returns how many. */
export async function removeDeletedRows(
  { storage }: Pick<Services, 'storage'>,
  now: number,
  run: JobRun = {},
): Promise<number> {
  return runInSlices(run, sliceSize, (limit) =>
    storage.write((store) => store.deletedRows.remove(now - retentionMs, limit), 'unordered'),
  );
}
