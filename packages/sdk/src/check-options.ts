import { ConfigurationError } from './errors.ts';
import { type OtherNames, probableName } from './probable-name.ts';

/** Kinds of value that are valid, as in 'string or function', and what else must hold. Numbers are not negative. */
export type Rule = readonly [kinds: string, isValid?: (value: unknown) => boolean, expected?: string];

/** Option name → rule. Other names are errors. */
export type Rules = Readonly<Record<string, Rule>>;

/** For values that are checked elsewhere. */
export const anyRule: Rule = ['null or true or false or number or string or object or function or '];

const number: Rule = ['number'];
const object: Rule = ['object'];

const retryRules: Rules = {
  maxAttempts: [
    'number',
    (value) => Number.isInteger(value) || value === Number.POSITIVE_INFINITY,
    'integer',
  ],
  initialIntervalMs: number,
  maxIntervalMs: number,
  exponent: number,
  maxElapsedMs: number,
  retryConnectionErrors: ['true or false'],
  statusCodes: [
    'object',
    (value) => Array.isArray(value) && value.every((code) => isStatus(code) || /^[45]XX$/.test(code)),
    "array of statuses, '4XX', '5XX'",
  ],
};

const sharedRules: Rules = {
  timeoutMs: number,
  retry: ['object or false', (value) => !value || checkOptions(value, retryRules)],
  serverURL: ['string'],
  headers: object,
  maxResponseBytes: number,
  fetchOptions: object,
};

/** Options of `UnkeyCore`. */
export const coreRules: Rules = {
  rootKey: ['string or function'],
  fetch: ['function'],
  hooks: ['object', (value) => [value].flat().every(isHooks), 'object of functions, or array'],
  ...sharedRules,
};

export const debugRule: Rule = [
  'true or false or object',
  (value) => typeof value === 'boolean' || has(value, 'debug', ['function']),
  'true, false or logger',
];

const clientRules: Rules = { ...coreRules, debug: debugRule, spendOnce: ['true or false'] };

const callRules: Rules = {
  ...sharedRules,
  signal: [
    'object or null',
    (value) => !value || has(value, 'addEventListener', ['function']),
    'AbortSignal',
  ],
  idempotencyKey: [
    'string',
    (value) => /^[!-~]{1,255}$/.test(value as string),
    '1 to 255 printable ASCII characters',
  ],
};

export function checkCallOptions(options: object): void {
  checkOptions(options, callRules);
}

export function checkClientOptions(options: object): void {
  checkOptions(options, clientRules);
}

/**
 * Throws `ConfigurationError` at an unknown name or an invalid value. Undefined means that an option is not set.
 * `otherNames`: names in other libraries that matter besides those of clients.
 */
export function checkOptions(options: unknown, rules: Rules, otherNames?: OtherNames): true {
  const known = Object.keys(rules);
  for (const [name, value] of Object.entries(options ?? {})) {
    const rule = known.includes(name) ? rules[name] : undefined;
    if (rule === undefined) {
      const probable = probableName(name, known, otherNames);
      const advice = probable ? `: did you mean ${probable}?` : '.';
      throw new ConfigurationError(`Unknown option '${name}'${advice} Known options: ${known.join(' ')}.`);
    }
    if (value !== undefined) checkValue(name, value, rule);
  }
  return true;
}

/** Throws `ConfigurationError` if a value breaks its rule. */
export function checkValue(name: string, value: unknown, [kinds, isValid, expected = kinds]: Rule): void {
  if (kinds.split(' or ').includes(kindOf(value)) && isValid?.(value) !== false) return;
  // Numbers only: other values can be secrets.
  const shown = typeof value === 'number' ? ` ${value}` : '';
  throw new ConfigurationError(`Invalid ${name}${shown}: expected ${expected}.`);
}

function kindOf(value: unknown): string {
  if (typeof value === 'number') return value >= 0 ? 'number' : '';
  return value === null || typeof value === 'boolean' ? String(value) : typeof value;
}

function has(value: unknown, name: string, types: readonly string[]): boolean {
  return types.includes(typeof (value as Record<string, unknown> | null)?.[name]);
}

// Other members are the object's own.
function isHooks(value: unknown): boolean {
  const names = ['beforeRequest', 'afterResponse', 'onError', 'onRetry'];
  return kindOf(value) === 'object' && names.every((name) => has(value, name, ['undefined', 'function']));
}

function isStatus(code: unknown): boolean {
  return Number.isInteger(code) && (code as number) > 99 && (code as number) < 600;
}
