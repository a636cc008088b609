import { checkOptions, checkValue, type Rule, type Rules } from '../check-options.ts';
import type { Unkey } from '../client.ts';
import type { UnkeyCore } from '../core.ts';
import { ConfigurationError, ResponseValidationError, UnkeyError } from '../errors.ts';
import type { LimitData, LimitRequest } from '../generated/api.ts';
import type { IdempotentCallOptions } from '../options.ts';
import { isOutage } from '../outage.ts';
import {
  bodyOf,
  type ClientLike,
  createOwnClient,
  type OwnClientOptions,
  ownClientRules,
} from '../own-client.ts';
import { type AbortSignalLike, platform } from '../platform.ts';
import type { ResponseBody } from '../response-body.ts';
import { DenialCache, type LimitParams } from './denials.ts';
import { type Duration, parseDuration } from './duration.ts';
import { RatelimitOverrides } from './overrides.ts';

/** A limit and its window. */
export interface Limit {
  /** Maximum consumption within one window: an integer of at least 1. */
  readonly limit: number;
  /** Duration of the window: `'30s'`, `'10 m'`, or milliseconds. From one second to 30 days. */
  readonly duration: Duration;
}

/** The result of `limit()` when the service cannot be reached. */
export interface FallbackResult {
  readonly success: boolean;
  /** Default: the limit of the call. */
  readonly limit?: number | undefined;
  /** Default: 0. */
  readonly remaining?: number | undefined;
  /** Unix time in milliseconds. Default: now. */
  readonly reset?: number | undefined;
}

/** A result, or a function that returns one. */
export type Fallback =
  | FallbackResult
  | ((identifier: string, cause: UnkeyError) => FallbackResult | Promise<FallbackResult>);

interface LimiterOptions extends Limit {
  /** Namespace of the identifiers. Created on first use. */
  readonly namespace: string;
  /** Deadline of `limit()` in milliseconds, including all attempts. 0: none. Default: that of `unkey`, else 3000. */
  readonly timeoutMs?: number | undefined;
  /**
   * The result when the service cannot be reached: no connection, no response in time, 502, 503 and so on. Other errors
   * still reject, also 429 and a 500 of the service itself, which callers can cause. Default: none, and `limit()` rejects.
   * If the function fails, `limit()` rejects with the original error.
   */
  readonly fallback?: Fallback | undefined;
  /**
   * Whether certain denials are returned without a request, and for how many identifiers usage is cached.
   * Default: `{ max: 10_000 }`.
   */
  readonly denials?: { readonly max: number } | false | undefined;
}

interface OwnClient extends OwnClientOptions {
  readonly unkey?: undefined;
}

interface GivenClient extends Partial<Record<keyof OwnClientOptions, undefined>> {
  /**
   * An existing client. Its method `ratelimit.limit` is called if it has one, else `request`. Default: one client is
   * created from `rootKey`, `serverURL` and so on.
   */
  readonly unkey: ClientLike;
}

/** Options of a limiter: its own, and a client or the options of one. */
export type RatelimitOptions = LimiterOptions & (OwnClient | GivenClient);

/** Options of a single `limit()`. */
export interface LimitOptions {
  /** Cost of the call: an integer. 0 checks without consuming. Default: 1. */
  readonly cost?: number;
  /** Another limit for this call. An override of the identifier replaces it too. */
  readonly limit?: Limit;
  /** Aborts the call with `AbortError`; the fallback is not used. */
  readonly signal?: AbortSignalLike | null | undefined;
  /** Calls with the same key count once, for 60 seconds. */
  readonly idempotencyKey?: string | undefined;
}

/** The result of `limit()`: `success` says whether the call is allowed. */
export interface RatelimitResult extends LimitData {
  /** Whether this is the `fallback`, because the service could not be reached. */
  readonly isFallback: boolean;
  /** Whether this is a certain denial without a request. */
  readonly isCached: boolean;
  /** Why the service could not be reached; only with `isFallback`. */
  readonly cause?: UnkeyError;
  /** Id of the request in the service's log; only if the service responded. */
  readonly requestId?: string;
}

/**
 * A limiter for one namespace.
 *
 * @example
 * const limiter = new Ratelimit({ namespace: 'email.send', limit: 10, duration: '1m' });
 * const { success } = await limiter.limit(userId);
 */
export class Ratelimit {
  /** Overrides of this namespace: other limits for some identifiers. */
  readonly overrides: RatelimitOverrides;
  readonly #unkey: ClientLike;
  readonly #namespace: string;
  readonly #window: Window;
  readonly #timeoutMs: number | undefined;
  readonly #fallback: Fallback | undefined;
  readonly #denials: DenialCache | undefined;

  /** Throws `ConfigurationError` if an option is missing or invalid. */
  constructor(options: RatelimitOptions) {
    refuseOldNames(options);
    checkOptions(
      options,
      options.unkey === undefined ? { ...limiterRules, ...ownClientRules } : limiterRules,
    );
    const { namespace, limit, duration, timeoutMs, fallback, denials, unkey, ...client } = options;
    checkValue('namespace', namespace, text);
    this.#unkey = unkey ?? createOwnClient(client);
    this.#namespace = namespace;
    this.#window = parseLimit({ limit, duration });
    this.#timeoutMs = timeoutMs;
    this.#fallback = fallback;
    this.#denials = denials === false ? undefined : new DenialCache(denials?.max ?? 10_000);
    this.overrides = new RatelimitOverrides(this.#unkey as UnkeyCore, namespace, () =>
      this.#denials?.clear(),
    );
  }

  /**
   * Counts a call against the limit of an identifier. A denied call consumes nothing. Rejects with the client's errors if
   * the service cannot be reached and there is no `fallback`.
   */
  async limit(identifier: string, options: LimitOptions = {}): Promise<RatelimitResult> {
    checkValue('identifier', identifier, text);
    checkOptions(options, limitRules);
    for (const name of ['cost', 'limit'] as const) {
      if (name in options && options[name] === undefined) {
        throw new ConfigurationError(`Invalid ${name}: it is undefined. Leave it out for the default.`);
      }
    }
    const { cost = 1, limit, signal, idempotencyKey } = options;
    const params: LimitParams = { identifier, cost, ...(limit ? parseLimit(limit) : this.#window) };
    // A repeated call gets the first response, so it is not predicted and not counted.
    const denials = idempotencyKey === undefined ? this.#denials : undefined;
    const sentAt = platform.performance.now();
    const denial = denials?.denial(params, sentAt);
    if (denial) return { ...denial, isFallback: false, isCached: true };
    const known = denials?.known(params);
    try {
      const { data, meta, response } = await this.#request(params, { signal, idempotencyKey });
      if (typeof data?.success !== 'boolean') {
        throw new ResponseValidationError('The response does not say whether the call is allowed.');
      }
      denials?.learn(params, data, { sentAt, date: Date.parse(response?.headers.get('date') ?? '') }, known);
      return { ...data, isFallback: false, isCached: false, requestId: meta.requestId };
    } catch (cause) {
      const result = cause instanceof UnkeyError && isOutage(cause) && (await this.#fallBack(params, cause));
      if (result) return result;
      throw cause;
    }
  }

  /** Through the method, which a test may have replaced, or through `request`. */
  #request({ identifier, cost, limit, durationMs }: LimitParams, options: IdempotentCallOptions) {
    const body: LimitRequest = { namespace: this.#namespace, identifier, cost, limit, duration: durationMs };
    const { ratelimit } = this.#unkey as Partial<Unkey>;
    const callOptions = { ...options, timeoutMs: this.#timeoutMs };
    const call = ratelimit?.limit
      ? ratelimit.limit(body, callOptions)
      : (this.#unkey as UnkeyCore).request('ratelimit.limit', body, callOptions);
    return bodyOf<ResponseBody<LimitData>>(call);
  }

  async #fallBack(params: LimitParams, cause: UnkeyError): Promise<RatelimitResult | undefined> {
    const fallback = this.#fallback;
    if (fallback === undefined) return undefined;
    try {
      const result = typeof fallback === 'function' ? await fallback(params.identifier, cause) : fallback;
      const { success, limit = params.limit, remaining = 0, reset = Date.now() } = result;
      if (typeof success !== 'boolean') return undefined;
      return { success, limit, remaining, reset, isFallback: true, isCached: false, cause };
    } catch {
      return undefined;
    }
  }
}

type Window = Pick<LimitParams, 'limit' | 'durationMs'>;

const longestMs = 30 * 24 * 60 * 60 * 1000;

function parseLimit({ limit, duration }: Limit): Window {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new ConfigurationError(`Invalid limit ${limit}: expected an integer of at least 1.`);
  }
  const durationMs = parseDuration(duration);
  if (durationMs <= longestMs) return { limit, durationMs };
  throw new ConfigurationError(`Invalid duration ${duration}: expected at most 30 days.`);
}

const text: Rule = ['string', (value) => value !== '', 'a string that is not empty'];

const limiterRules: Rules = {
  namespace: text,
  // Checked by parseLimit.
  limit: '',
  duration: '',
  timeoutMs: 'number',
  fallback: ['function or object', isFallback, 'a function, or an object with success'],
  denials: [
    'object or false',
    (value) => value === false || Number.isInteger((value as { max?: unknown }).max),
    'false, or an object with an integer max',
  ],
  unkey: 'object',
};

const limitRules: Rules = {
  cost: ['number', Number.isSafeInteger, 'an integer of at least 0'],
  limit: 'object',
  signal: 'object or null',
  idempotencyKey: text,
};

function isFallback(value: unknown): boolean {
  return typeof value === 'function' || typeof (value as { success?: unknown }).success === 'boolean';
}

/** Options of `@unkey/ratelimit` → their replacement. Ignoring them would silently change the behaviour. */
const oldNames: Readonly<Record<string, string>> = {
  baseUrl: 'use serverURL',
  timeout: 'use timeoutMs for the deadline and fallback for the result',
  onError: 'use a function as fallback',
  cache: 'use denials: false or { max }',
  async: 'remove it',
  disableTelemetry: 'remove it, there is no telemetry',
};

function refuseOldNames(options: object): void {
  for (const [name, instead] of Object.entries(oldNames)) {
    if (name in options) throw new ConfigurationError(`Unknown option '${name}': ${instead}.`);
  }
}
