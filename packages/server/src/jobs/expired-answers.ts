import type { Services } from '../services.ts';
import { inBatches } from './batches.ts';

const batchSize = 500;

/** Deletes the kept answers that have expired. Answers how many. */
export async function deleteExpiredAnswers(
  { storage }: Pick<Services, 'storage'>,
  now: number,
  signal?: AbortSignal,
): Promise<number> {
  return inBatches({ size: batchSize, signal }, (limit) =>
    storage.write((store) => store.idempotency.deleteExpired(now, limit), 'unordered'),
  );
}
