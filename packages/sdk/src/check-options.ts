import { ConfigurationError } from './errors.ts';
import { environment } from './platform.ts';

const callOptionNames = 'timeoutMs retry serverURL headers fetchOptions signal idempotencyKey';
const clientOptionNames = 'rootKey fetch hooks debug timeoutMs retry serverURL headers fetchOptions';

export function checkCallOptions(options: object): void {
  checkNames(options, callOptionNames);
}

export function checkClientOptions(options: object): void {
  checkNames(options, clientOptionNames);
}

/** A name that no option has is an error, but not in production: a deployment must not fail over it. */
export function checkNames(options: object, known: string): void {
  const unknown = Object.keys(options).find((name) => !known.split(' ').includes(name));
  if (unknown === undefined || environment('NODE_ENV') === 'production') return;
  throw new ConfigurationError(`There is no option '${unknown}'. There are: ${known}.`);
}
