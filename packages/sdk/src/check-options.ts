import { ConfigurationError } from './errors.ts';
import { type OtherNames, probableName } from './probable-name.ts';

/**
 * Kinds of value that are valid, as in 'string or function', and what else must hold. Numbers are not negative. An empty
 * rule is for values that are checked elsewhere.
 */
export type Rule = string | readonly [kinds: string, isValid: (value: unknown) => boolean, expected?: string];

/** Option name → rule. Other names are errors. */
export type Rules = Readonly<Record<string, Rule>>;

const retryRules: Rules = {
  maxAttempts: ['number', (value) => Number.isInteger(value) || value === Infinity, 'integer'],
  initialIntervalMs: 'number',
  maxIntervalMs: 'number',
  exponent: 'number',
  maxElapsedMs: 'number',
  retryConnectionErrors: 'true or false',
  statusCodes: [
    'object',
    (value) => /^\[(,?([1-5]\d\d|"[45]XX"))*\]$/.test(JSON.stringify(value)),
    "array of statuses, '4XX', '5XX'",
  ],
};

const sharedRules: Rules = {
  timeoutMs: 'number',
  retry: ['object or false', (value) => !value || checkOptions(value, retryRules)],
  serverURL: 'string',
  headers: 'object',
  maxResponseBytes: 'number',
  fetchOptions: 'object',
};

export const clientRules: Rules = {
  rootKey: 'string or function',
  fetch: 'function',
  dangerouslyAllowBrowser: 'true or false',
  hooks: ['object', (value) => [value].flat().every(isHooks), 'object of functions, or array'],
  ...sharedRules,
  debug: [
    'true or false or object',
    (value) => typeof value === 'boolean' || hasMethod(value, 'debug'),
    'true, false or logger',
  ],
  spendOnce: 'true or false',
};

export const callRules: Rules = {
  ...sharedRules,
  signal: ['object or null', (value) => !value || hasMethod(value, 'addEventListener'), 'AbortSignal'],
  idempotencyKey: [
    'string',
    (value) => /^[!-~]{1,255}$/.test(value as string),
    '1 to 255 printable ASCII characters',
  ],
};

/**
 * Throws `ConfigurationError` at an unknown name or an invalid value. Undefined means that an option is not set.
 * `otherNames`: names in other libraries that matter besides those of clients.
 */
export function checkOptions(options: unknown, rules: Rules, otherNames?: OtherNames): true {
  const known = Object.keys(rules);
  for (const [name, value] of Object.entries(options ?? {})) {
    if (!known.includes(name)) {
      const probable = probableName(name, known, otherNames);
      const advice = probable ? `: did you mean ${probable}?` : '.';
      throw new ConfigurationError(`Unknown option '${name}'${advice} Known options: ${known.join(' ')}.`);
    }
    if (value !== undefined) checkValue(name, value, rules[name]);
  }
  return true;
}

/** Throws `ConfigurationError` if a value breaks its rule. */
export function checkValue(name: string, value: unknown, rule: Rule = ''): void {
  const [kinds, isValid = () => true, expected = kinds] = typeof rule === 'string' ? [rule] : rule;
  if (!kinds || (kinds.split(' or ').includes(kindOf(value)) && isValid(value))) return;
  // Numbers only: other values can be secrets.
  const shown = typeof value === 'number' ? ` ${value}` : '';
  throw new ConfigurationError(`Invalid ${name}${shown}: expected ${expected}.`);
}

function kindOf(value: unknown): string {
  if (typeof value === 'number') return value >= 0 ? 'number' : '';
  return value === null || typeof value === 'boolean' ? String(value) : typeof value;
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof (value as Record<string, unknown> | null)?.[name] === 'function';
}

// Other members are the object's own.
function isHooks(value: unknown): boolean {
  return (
    kindOf(value) === 'object' &&
    ['beforeRequest', 'afterResponse', 'onError', 'onRetry'].every(
      (name) => (value as Record<string, unknown>)[name] === undefined || hasMethod(value, name),
    )
  );
}
