import type { EventArchive } from '../events/port.ts';
import { type JobRun, runInSlices } from './slices.ts';

const sliceSize = 1000;

/** Deletes usage events that are older than the retention; returns how many. */
export async function deleteOldEvents(
  archive: Pick<EventArchive, 'deleteBefore'>,
  { retentionMs, now }: { readonly retentionMs: number; readonly now: number },
  run: JobRun = {},
): Promise<number> {
  return runInSlices(run, sliceSize, (limit) => archive.deleteBefore(now - retentionMs, limit));
}
