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

/** Those that would do what nobody meant. */
export function checkValues({ timeoutMs = 0, retry }: Pick<CallOptions, 'timeoutMs' | 'retry'>): void {
  // Not a number would be no deadline: a variable that nobody set must not do that.
  if (!(timeoutMs >= 0)) throw new ConfigurationError(`timeoutMs is ${timeoutMs}: give milliseconds, or 0.`);
  checkNames(retry || {}, retryOptionNames);
}

/** A name that no option has is an error, but not in production: a deployment must not fail over it. */
export function checkNames(options: object, known: string): void {
  const unknown = Object.keys(options).find((name) => !known.split(' ').includes(name));
  if (unknown === undefined || environment('NODE_ENV') === 'production') return;
  throw new ConfigurationError(`There is no option '${unknown}'. There are: ${known}.`);
}
