import type { Services } from '../services.ts';
import { type JobRun, runInSlices } from './slices.ts';

const sliceSize = 200;

/** Deletes expired idempotency records; returns how many. */
export async function deleteExpiredIdempotencyRecords(
  { storage }: Pick<Services, 'storage'>,
  now: number,
  run: JobRun = {},
): Promise<number> {
  return runInSlices(run, sliceSize, (limit) =>
    storage.write((store) => store.idempotencyRecords.deleteExpired(now, limit), 'unordered'),
  );
}
