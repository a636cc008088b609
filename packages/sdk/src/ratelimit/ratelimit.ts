import { checkNames, checkValues } from '../check-options.ts';
import { UnkeyCore } from '../core.ts';
import { ConfigurationError, ResponseValidationError, UnkeyError } from '../errors.ts';
import type { LimitData } from '../generated/api.ts';
import type { CoreOptions } from '../options.ts';
import { type AbortSignalLike, platform } from '../platform.ts';
import { type Ask, DenialMemory } from './denials.ts';
import { type Duration, parseDuration } from './duration.ts';
import { RatelimitOverrides } from './overrides.ts';

/** How much may be taken in which time. */
export interface Limit {
  /** What may be taken within one window: a whole number, at least 1. */
  readonly limit: number;
  /** Length of the window: `'30s'`, `'10 m'`, milliseconds. From one second to 30 days. */
  readonly duration: Duration;
}

/** An answer to give when the service gives none. */
export interface FallbackAnswer {
  readonly success: boolean;
  /** Default: the limit that was asked for. */
  readonly limit?: number | undefined;
  /** Default: 0. */
  readonly remaining?: number | undefined;
  /** Unix time in milliseconds. Default: now. */
  readonly reset?: number | undefined;
}

/** The answer itself, or a function that finds one. */
export type Fallback =
  | FallbackAnswer
  | ((identifier: string, cause: UnkeyError) => FallbackAnswer | Promise<FallbackAnswer>);

interface LimiterOptions extends Limit {
  /** Where identifiers are counted. It is made when it is first used. */
  readonly namespace: string;
  /** Milliseconds that `limit()` waits, all attempts included. 0: no deadline. Default: that of `unkey`, else 3000. */
  readonly timeoutMs?: number | undefined;
  /**
   * Answers when the service cannot: no connection, no answer in time, 408, 429, 5xx. Anything else, such as a root
   * key without permission, is an error still. Default: none, and `limit()` rejects. A function that fails does not
   * hide what happened: `limit()` then rejects as if there were none.
   */
  readonly fallback?: Fallback | undefined;
  /**
   * Whether denials that are certain are answered without a request, and for how many identifiers this is remembered.
   * Default: `{ max: 10_000 }`.
   */
  readonly denials?: { readonly max: number } | false | undefined;
}

interface OwnClient extends Omit<CoreOptions, 'timeoutMs'> {
  readonly unkey?: undefined;
}

interface GivenClient extends Partial<Record<Exclude<keyof CoreOptions, 'timeoutMs'>, undefined>> {
  /** A client that exists already. Default: one is made from `rootKey`, `serverURL` and so on. */
  readonly unkey: UnkeyCore;
}

/** Options of a limiter: its own, and a client or the options of one. */
export type RatelimitOptions = LimiterOptions & (OwnClient | GivenClient);

/** Options of one `limit()`. */
export interface LimitOptions {
  /** How much to take: a whole number. 0 looks without taking. Default: 1. */
  readonly cost?: number | undefined;
  /** Another limit for this call. An override of the identifier replaces it, too. */
  readonly limit?: Limit | undefined;
  /** Ends the call with `AbortError`; the fallback is not asked. */
  readonly signal?: AbortSignalLike | null | undefined;
  /** The service counts calls with the same key once, for 60 seconds. */
  readonly idempotencyKey?: string | undefined;
}

/** Whether to let somebody in. */
export interface RatelimitResult extends LimitData {
  /** Whether the service could not be asked, and `fallback` answered. */
  readonly isFallback: boolean;
  /** Whether it was certain without asking that the service would deny. */
  readonly isRemembered: boolean;
  /** Why the service could not be asked; only with `isFallback`. */
  readonly cause?: UnkeyError;
  /** Names the request in the service's log; only if the service answered. */
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
  /** Other numbers for some identifiers of this namespace. */
  readonly overrides: RatelimitOverrides;
  readonly #unkey: UnkeyCore;
  readonly #namespace: string;
  readonly #window: Window;
  readonly #timeoutMs: number | undefined;
  readonly #fallback: Fallback | undefined;
  readonly #denials: DenialMemory | undefined;

  /** Throws `ConfigurationError` when an option is missing or wrong. */
  constructor(options: RatelimitOptions) {
    refuseOldNames(options);
    checkNames(options, options.unkey ? ownNames : `${ownNames} ${clientNames}`);
    checkValues(options);
    const { namespace, limit, duration, timeoutMs, fallback, denials, unkey, ...client } = options;
    if (typeof namespace !== 'string' || namespace === '') {
      throw new ConfigurationError('There is no namespace: name what is limited.');
    }
    this.#unkey = unkey ?? new UnkeyCore(client);
    this.#namespace = namespace;
    this.#window = parseLimit({ limit, duration });
    this.#timeoutMs = timeoutMs;
    this.#fallback = fallback;
    this.#denials = denials === false ? undefined : new DenialMemory(denials?.max ?? 10_000);
    this.overrides = new RatelimitOverrides(this.#unkey, namespace, () => this.#denials?.forget());
  }

  /**
   * Counts against the limit of an identifier, and says whether it holds. A call that is denied takes nothing.
   * Rejects with the client's errors if the service gives no answer and `fallback` has none.
   */
  async limit(identifier: string, options: LimitOptions = {}): Promise<RatelimitResult> {
    checkNames(options, 'cost limit signal idempotencyKey');
    const { cost = 1, limit, signal, idempotencyKey } = options;
    const ask: Ask = { identifier, cost, ...(limit ? parseLimit(limit) : this.#window) };
    // A repeated call gets the first answer: memory neither knows it nor learns from it.
    const denials = idempotencyKey === undefined ? this.#denials : undefined;
    const sentAt = platform.performance.now();
    const denial = denials?.denial(ask, sentAt);
    if (denial) return { ...denial, isFallback: false, isRemembered: true };
    const known = denials?.known(ask);
    try {
      const { data, meta, response } = await this.#unkey
        .request(
          'ratelimit.limit',
          { namespace: this.#namespace, identifier, cost, limit: ask.limit, duration: ask.durationMs },
          { signal, idempotencyKey, timeoutMs: this.#timeoutMs },
        )
        .withResponse();
      if (typeof data?.success !== 'boolean') {
        throw new ResponseValidationError('The answer does not say whether the limit holds.');
      }
      denials?.learn(ask, data, { sentAt, date: Date.parse(response.headers.get('date') ?? '') }, known);
      return { ...data, isFallback: false, isRemembered: false, requestId: meta.requestId };
    } catch (cause) {
      const answer = cause instanceof UnkeyError && cause.retryable && (await this.#fallBack(ask, cause));
      if (answer) return answer;
      throw cause;
    }
  }

  async #fallBack(ask: Ask, cause: UnkeyError): Promise<RatelimitResult | undefined> {
    const fallback = this.#fallback;
    if (fallback === undefined) return undefined;
    try {
      const answer = typeof fallback === 'function' ? await fallback(ask.identifier, cause) : fallback;
      const { success, limit = ask.limit, remaining = 0, reset = Date.now() } = answer;
      if (typeof success !== 'boolean') return undefined;
      return { success, limit, remaining, reset, isFallback: true, isRemembered: false, cause };
    } catch {
      return undefined;
    }
  }
}

type Window = Pick<Ask, 'limit' | 'durationMs'>;

const longestMs = 30 * 24 * 60 * 60 * 1000;

function parseLimit({ limit, duration }: Limit): Window {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new ConfigurationError(`The limit ${limit} is none: give a whole number, at least 1.`);
  }
  const durationMs = parseDuration(duration);
  if (durationMs <= longestMs) return { limit, durationMs };
  throw new ConfigurationError(`The duration ${duration} is too long: give at most 30 days.`);
}

const ownNames = 'namespace limit duration timeoutMs fallback denials unkey';
const clientNames = 'rootKey serverURL fetch hooks retry headers fetchOptions';

/** Options of `@unkey/ratelimit` → what to do instead. Ignored, they would change what happens without a word. */
const oldNames: Readonly<Record<string, string>> = {
  baseUrl: 'it is called serverURL here',
  timeout: 'give timeoutMs for the time, and fallback for the answer',
  onError: 'give a function as fallback',
  cache: 'give denials: false or { max }',
  async: 'leave it out',
  disableTelemetry: 'leave it out, nothing is reported',
};

function refuseOldNames(options: object): void {
  for (const [name, instead] of Object.entries(oldNames)) {
    if (name in options) throw new ConfigurationError(`'${name}' is not an option: ${instead}.`);
  }
}
