import type { Services } from '../services.ts';
import { type JobRun, runInSlices } from './slices.ts';

const sliceSize = 200;

/** Deletes records of the audit log that are older than the retention; returns how many. */
export async function deleteOldAuditRecords(
  { storage }: Pick<Services, 'storage'>,
  { retentionMs, now }: { readonly retentionMs: number; readonly now: number },
  run: JobRun = {},
): Promise<number> {
  return runInSlices(run, sliceSize, (limit) =>
    storage.write((store) => store.audit.deleteBefore(now - retentionMs, limit), 'unordered'),
  );
}
