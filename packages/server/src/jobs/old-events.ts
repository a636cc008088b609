import type { EventArchive } from '../events/port.ts';
import { inBatches } from './batches.ts';

const batchSize = 1000;

/** Deletes usage events that are older than they are to be kept. Answers how many. */
export async function deleteOldEvents(
  archive: Pick<EventArchive, 'deleteBefore'>,
  { retentionMs, now, signal }: { retentionMs: number; now: number; signal?: AbortSignal },
): Promise<number> {
  return inBatches({ size: batchSize, signal }, (limit) => archive.deleteBefore(now - retentionMs, limit));
}
