import type { Services } from '../services.ts';
import { inBatches } from './batches.ts';

const batchSize = 500;

/** Deletes expired idempotency records; returns how many. */
export async function deleteExpiredIdempotencyRecords(
  { storage }: Pick<Services, 'storage'>,
  now: number,
  signal?: AbortSignal,
): Promise<number> {
  return inBatches({ size: batchSize, signal }, (limit) =>
    storage.write((store) => store.idempotencyRecords.deleteExpired(now, limit), 'unordered'),
  );
}
