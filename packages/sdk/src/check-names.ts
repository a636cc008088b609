import { ConfigurationError } from './errors.ts';

/** Throws `ConfigurationError` at an option that the smaller clients do not know. */
export function checkNames(options: object): void {
  const unknown = Object.keys(options).find((name) => !known.test(name));
  if (unknown) throw new ConfigurationError(`Unknown option '${unknown}'.`);
}

const known =
  /^(rootKey|serverURL|timeoutMs|retry|headers|fetch(Options)?|hooks|maxResponseBytes|dangerouslyAllowBrowser)$/;
