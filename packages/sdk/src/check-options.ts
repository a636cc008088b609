import { ConfigurationError } from './errors.ts';
import type { CallOptions } from './options.ts';
import { environment } from './platform.ts';

const callOptionNames = 'timeoutMs retry serverURL headers fetchOptions signal idempotencyKey';
const clientOptionNames = 'rootKey fetch hooks debug timeoutMs retry serverURL headers fetchOptions';
const retryOptionNames =
  'maxAttempts initialIntervalMs maxIntervalMs exponent maxElapsedMs retryConnectionErrors statusCodes';

export function checkCallOptions(options: CallOptions): void {
  checkValues(options);
  checkNames(options, callOptionNames);
}

export function checkClientOptions(options: CallOptions): void {
  checkValues(options);
  checkNames(options, clientOptionNames);
}

/** Values that would be accepted and do something else. */
export function checkValues({ timeoutMs = 0, retry }: Pick<CallOptions, 'timeoutMs' | 'retry'>): void {
  // NaN would mean no deadline: a missing variable must not cause that.
  if (!(timeoutMs >= 0))
    throw new ConfigurationError(
      `Invalid timeoutMs ${timeoutMs}: expected milliseconds, or 0 for no deadline.`,
    );
  checkNames(retry || {}, retryOptionNames);
}

/** An unknown option is an error, but not in production: a deployment must not fail because of it. */
export function checkNames(options: object, known: string): void {
  const unknown = Object.keys(options).find((name) => !known.split(' ').includes(name));
  if (unknown === undefined || environment('NODE_ENV') === 'production') return;
  throw new ConfigurationError(`Unknown option '${unknown}'. Known options: ${known}.`);
}
