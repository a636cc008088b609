import type { UnkeyError } from '../../packages/sdk/src/index.ts';

/** The error of a call that must fail. */
export async function failureOf(work: PromiseLike<unknown>): Promise<UnkeyError> {
  try {
    await work;
  } catch (error) {
    return error as UnkeyError;
  }
  throw new Error('It did not fail.');
}
