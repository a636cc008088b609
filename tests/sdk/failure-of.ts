import type { UnkeyError } from '../../packages/sdk/src/index.ts';

/** What a call fails with, for calls that must. */
export async function failureOf(work: PromiseLike<unknown>): Promise<UnkeyError> {
  try {
    await work;
  } catch (error) {
    return error as UnkeyError;
  }
  throw new Error('It did not fail.');
}
