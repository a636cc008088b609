import { UnkeyCore } from './api/core.ts';
import { UnkeyError } from './api/errors.ts';
import type { RequestOptions } from './api/options.ts';
import { unwrap, unwrapAsync } from './api/results.ts';
import type { Calls } from './generated/components.ts';
import {
  ratelimitDeleteOverride,
  ratelimitGetOverride,
  ratelimitLimit,
  ratelimitListOverrides,
  ratelimitSetOverride,
} from './generated/funcs.ts';

type Unit = 'ms' | 's' | 'm' | 'h' | 'd';

/** A number with its unit: `'30s'`, `'10 m'`. */
export type Duration = `${number} ${Unit}` | `${number}${Unit}`;

/** A limit and its window. */
export type Limit = {
  limit: number;
  /** A text with a unit, or milliseconds. */
  duration: Duration | number;
};

export type RatelimitResponse = {
  /** Whether the call is allowed. */
  success: boolean;
  /** Maximum consumption within one window. */
  limit: number;
  remaining: number;
  /** When the window ends: Unix time in milliseconds. */
  reset: number;
  overrideId?: string;
};

/** Denials by namespace, identifier and limit. They are used until their `reset`. */
export type Cache = Map<string, RatelimitResponse>;

export type LimitOptions = {
  /** Default: 1. */
  cost?: number;
  /** Replaces the limit of the limiter. */
  limit?: Limit;
};

export interface Ratelimiter {
  limit: (identifier: string, opts?: LimitOptions) => Promise<RatelimitResponse>;
}

export type RatelimitConfig = Limit & {
  /** Default: the environment variable `UNKEY_SERVER_URL`, else the hosted service. */
  baseUrl?: string;
  rootKey: string;
  namespace: string;
  /** What is returned when there is no response in time. Default: a denial after five seconds. */
  timeout?:
    | {
        ms: number | Duration;
        fallback:
          | RatelimitResponse
          | ((identifier: string) => RatelimitResponse | Promise<RatelimitResponse>);
      }
    | false;
  /** The response after an error. Default: `limit()` rejects. */
  onError?: (err: Error, identifier: string) => RatelimitResponse | Promise<RatelimitResponse>;
  /** Where denials are cached. Default: a map with at most 10,000 of them. */
  cache?: Cache;
  /** Without effect: there is no telemetry. */
  disableTelemetry?: boolean;
};

const unitsInMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Not `parseDuration` of our limiter, which refuses less than a second. */
function inMs(duration: Duration | number): number {
  if (typeof duration === 'number') return duration;
  const [, digits, unit = ''] = /^(\d+)\s?(ms|s|m|h|d)$/.exec(duration) ?? [];
  const factor = unitsInMs[unit];
  if (factor === undefined) throw new Error(`Unable to parse window size: ${duration}`);
  return Number(digits) * factor;
}

const longestOwnCache = 10_000;

/** A limiter with the options and results of `@unkey/ratelimit`. New programs use `unkey-ts/ratelimit`. */
export class Ratelimit implements Ratelimiter {
  readonly #config: RatelimitConfig;
  readonly #client: UnkeyCore;
  readonly #cache: Cache;

  constructor(config: RatelimitConfig) {
    this.#config = config;
    this.#client = newClient(config);
    this.#cache = config.cache ?? new Map();
  }

  /** Counts a call against the limit of an identifier. */
  async limit(identifier: string, opts: LimitOptions = {}): Promise<RatelimitResponse> {
    const { onError } = this.#config;
    try {
      return await this.#limit(identifier, opts);
    } catch (error) {
      if (typeof onError !== 'function') throw error;
      const isPlain = error instanceof Error && !(error instanceof UnkeyError);
      return onError(isPlain ? error : new Error(messageOf(error)), identifier);
    }
  }

  async #limit(identifier: string, opts: LimitOptions): Promise<RatelimitResponse> {
    const { namespace } = this.#config;
    const limit = opts.limit?.limit ?? this.#config.limit;
    const duration = inMs(opts.limit?.duration ?? this.#config.duration);
    const name = `${namespace}:${identifier}:${limit}:${duration}`;
    const denial = this.#cache.get(name);
    if (denial && denial.reset > Date.now()) return denial;
    this.#cache.delete(name);
    const request = { namespace, identifier, limit, duration, cost: opts.cost ?? 1 };
    const response = await this.#withTimeout(request);
    if (!response.success) this.#remember(name, response);
    return response;
  }

  async #withTimeout(request: Calls['ratelimit.limit']['request']): Promise<RatelimitResponse> {
    const { timeout = standardTimeout } = this.#config;
    const abort = new AbortController();
    const options = { signal: abort.signal };
    const response = ratelimitLimit(this.#client, request, options).then(
      (result) => unwrap(result).data as RatelimitResponse,
    );
    if (timeout === false) return response;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const elapsed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, inMs(timeout.ms));
    });
    const { fallback } = timeout;
    const late = elapsed.then(() =>
      typeof fallback === 'function' ? fallback(request.identifier) : fallback,
    );
    try {
      return await Promise.race([response, late]);
    } finally {
      clearTimeout(timer);
      // Its response would not be used. It may have been counted.
      abort.abort();
      response.catch(() => {});
    }
  }

  #remember(name: string, denial: RatelimitResponse): void {
    this.#cache.set(name, denial);
    if (this.#config.cache || this.#cache.size <= longestOwnCache) return;
    const [oldest = ''] = this.#cache.keys();
    this.#cache.delete(oldest);
  }
}

const standardTimeout = {
  ms: 5000,
  fallback: (): RatelimitResponse => ({ success: false, limit: 0, remaining: 0, reset: Date.now() }),
};

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Allows every call without a request. */
export class NoopRatelimit implements Ratelimiter {
  async limit(_identifier: string, _opts?: LimitOptions): Promise<RatelimitResponse> {
    return { success: true, limit: 0, remaining: 0, reset: 0 };
  }
}

export type OverrideConfig = Pick<RatelimitConfig, 'baseUrl' | 'rootKey'>;

type Override<Name extends 'get' | 'set' | 'delete'> = Calls[`ratelimit.${Name}Override`];
type List = Calls['ratelimit.listOverrides'];

/** Other limits for some identifiers. */
export class Overrides {
  readonly #client: UnkeyCore;

  constructor(config: OverrideConfig) {
    this.#client = newClient(config);
  }

  getOverride(
    request: Override<'get'>['request'],
    options?: RequestOptions,
  ): Promise<Override<'get'>['response']> {
    return unwrapAsync(ratelimitGetOverride(this.#client, request, options));
  }

  setOverride(
    request: Override<'set'>['request'],
    options?: RequestOptions,
  ): Promise<Override<'set'>['response']> {
    return unwrapAsync(ratelimitSetOverride(this.#client, request, options));
  }

  deleteOverride(
    request: Override<'delete'>['request'],
    options?: RequestOptions,
  ): Promise<Override<'delete'>['response']> {
    return unwrapAsync(ratelimitDeleteOverride(this.#client, request, options));
  }

  /** One page; `cursor` asks for the next one. */
  async listOverrides(request: List['request'], options?: RequestOptions): Promise<List['response']> {
    const page = await ratelimitListOverrides(this.#client, request, options);
    return unwrap(page).result;
  }
}

function newClient({ baseUrl, rootKey }: OverrideConfig): UnkeyCore {
  return new UnkeyCore({ rootKey, serverURL: baseUrl });
}
