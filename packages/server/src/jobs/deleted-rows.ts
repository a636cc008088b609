import { dayMs } from '../base/duration.ts';
import type { Services } from '../services.ts';
import { inBatches } from './batches.ts';

/** What was deleted is kept this long, out of reach, for whoever has to look into the database. */
const keptMs = 30 * dayMs;
/** A key may have many links: its batch must be a short transaction all the same. */
const batchSize = 100;

/** Removes what was deleted 30 days ago and cannot come back. Answers how many rows. */
export async function removeDeletedRows(
  { storage }: Pick<Services, 'storage'>,
  now: number,
  signal?: AbortSignal,
): Promise<number> {
  return inBatches({ size: batchSize, signal }, (limit) =>
    storage.write((store) => store.deletedRows.remove(now - keptMs, limit), 'unordered'),
  );
}
