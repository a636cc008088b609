import type { Deadline } from './deadline.ts';
import { wrapError } from './errors.ts';

/** Calls a function of the user, within the deadline. */
export async function callUserCode<Result>(
  deadline: Deadline,
  name: string,
  code: () => Result | PromiseLike<Result>,
): Promise<Result> {
  try {
    return await deadline.race(code());
  } catch (cause) {
    throw wrapError(`${name} failed`, cause);
  }
}
