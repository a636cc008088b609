export interface Batches {
  /** What one batch does, as long as there is so much to do. */
  readonly size: number;
  /** Ends after the batch that is under way. */
  readonly signal?: AbortSignal | undefined;
}

/** Batch after batch, so that other work gets its turn, until one is smaller than wanted. Answers how much all of them did. */
export async function inBatches(
  { size, signal }: Batches,
  run: (limit: number) => Promise<number>,
): Promise<number> {
  let done = 0;
  for (let batch = size; batch >= size && signal?.aborted !== true; done += batch) batch = await run(size);
  return done;
}
