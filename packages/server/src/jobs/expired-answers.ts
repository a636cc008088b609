import type { Services } from '../services.ts';

const batchSize = 500;

/** Deletes the kept answers that have expired, in batches, so that other writes get their turn. Answers how many. */
export async function deleteExpiredAnswers(
  { storage }: Pick<Services, 'storage'>,
  now: number,
): Promise<number> {
  let deleted = 0;
  for (let batch = batchSize; batch === batchSize; deleted += batch) {
    batch = await storage.write((store) => store.idempotency.deleteExpired(now, batchSize), 'unordered');
  }
  return deleted;
}
