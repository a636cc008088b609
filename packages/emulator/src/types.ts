/**
 * The public types of the emulator. They are published as they stand here, so they import nothing: neither the service
 * nor its contract is part of them.
 */

declare global {
  // For compilers whose libraries do not have them.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}

/** `500ms`, `30s`, `5m`, `1h`, `31d`, or a number of milliseconds. */
export type Duration = string | number;

/** A date, its ISO 8601 text, or Unix milliseconds. */
export type Moment = Date | string | number;

export interface TestUnkeyOptions {
  /** What time it is. Default: the present; with `determinism`, 2026-01-01T00:00:00Z. */
  readonly now?: Moment;
  /** Whether time passes by itself. Default: it stands still until `clock` moves it. */
  readonly clock?: 'standing' | 'running';
  /** What exists at the start: a file in YAML or JSON, or its content. Default: a workspace with `rootKey`. */
  readonly seed?: string | Seed;
  /** Ids, keys and request ids follow from this text, such as the name of the test. Default: they are random. */
  readonly determinism?: string;
}

/** The service in memory: all operations, all errors, no disk and no socket. */
export interface TestUnkey extends AsyncDisposable {
  /** Of the first workspace, with every permission. Always the same; `serve` refuses it. */
  readonly rootKey: string;
  /** Of the first workspace. */
  readonly workspaceId: string;
  /** For the option `fetch` of a client: calls the service in this process, whatever the host of the URL is. */
  readonly fetch: typeof globalThis.fetch;
  readonly clock: TestClock;
  readonly faults: Faults;
  /** What was asked and answered, oldest first; the latest 10,000. */
  readonly requests: RecordedRequests;
  /**
   * Serves on a port, for clients of other languages and in browsers. Default: a free port of 127.0.0.1. A second call
   * returns the address of the first.
   */
  listen(address?: {
    readonly port?: number;
    readonly host?: string;
  }): Promise<{ url: string; port: number }>;
  /** A new key, in `apiId` or in an API of its own. The members are those of `keys.createKey`. */
  createKeyFor(settings?: NewKey): Promise<{ key: string; keyId: string; apiId: string }>;
  /**
   * Verifies a key as `keys.verifyKey` does, and returns the verification. If it is not valid, throws an AssertionError
   * that says why. It spends and counts like every verification.
   */
  expectVerified(key: string, verification?: Readonly<Record<string, unknown>>): Promise<Verification>;
  /** As after the start: data, time, faults and recorded requests. */
  reset(): Promise<void>;
  /** Calls that have no response are ended as lost connections. */
  close(): Promise<void>;
}

export interface TestClock {
  /** Unix milliseconds. */
  now(): number;
  /**
   * Moves time on, then runs what is due: refills, expiry, removals. Resolves to the new time. Rejects for a duration that
   * is not positive.
   */
  advance(by: Duration): Promise<number>;
  /** The same, to a moment that is not in the past. */
  set(to: Moment): Promise<number>;
}

/** What happens to a request instead of its response. `processed`: the service does the work first. Default false. */
export type Fault = { readonly processed?: boolean } & (
  | {
      readonly status: number;
      /** Seconds, in the header `Retry-After`. */
      readonly retryAfter?: number;
      /** An object is sent as JSON. Default: an error as the service sends it. */
      readonly body?: string | object;
    }
  /** The response is late; real time, whatever the clock says. */
  | { readonly delay: Duration }
  /** The connection is lost. */
  | { readonly reset: true }
  /** No response ever comes. */
  | { readonly never: true }
  /** A response with status 200 that is not JSON. */
  | { readonly malformed: true }
);

export interface FaultRule {
  readonly fault: Fault;
  /** Default: every operation. */
  readonly operation?: string;
  /** For how many requests. Default: until `clear` or `reset`. */
  readonly times?: number;
  /** For this share of the requests, more than 0 and at most 1. Default 1. */
  readonly share?: number;
  /** For these requests only. */
  readonly when?: (request: RecordedRequest) => boolean;
}

export interface Faults {
  /** For the next request of an operation, or the next `times` requests. */
  next(operation: string, fault: Fault, times?: number): void;
  /** The first rule that applies to a request decides. */
  add(rule: FaultRule): void;
  clear(): void;
}

export interface RecordedRequest {
  /** `keys.verifyKey`; null: the path is of no operation. */
  readonly operation: string | null;
  readonly method: string;
  readonly path: string;
  /** By lower-case name, without the root key. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed; the text if it is not JSON; undefined if there is none. */
  readonly body: unknown;
  /** When it arrived, by the emulator's clock. */
  readonly at: number;
  /** Null: it has no response yet, or its connection was lost. */
  readonly status: number | null;
  /** As `body`. */
  readonly response: unknown;
  /** What the emulator did to it; null: nothing. */
  readonly fault: Fault | null;
}

export interface RecordedRequests extends Iterable<RecordedRequest> {
  readonly length: number;
  all(): readonly RecordedRequest[];
  /** Those of an operation, or those for which the function returns true. */
  matching(which: string | ((request: RecordedRequest) => boolean)): readonly RecordedRequest[];
  clear(): void;
}

export interface Verification {
  readonly valid: boolean;
  readonly code: string;
  readonly keyId?: string;
  readonly [member: string]: unknown;
}

export interface NewKey {
  /** Default: an API that the emulator creates for such keys. */
  readonly apiId?: string;
  readonly externalId?: string;
  readonly name?: string;
  readonly prefix?: string;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
  /** A number: that many, without refill. */
  readonly credits?: number | SeedCredits;
  readonly ratelimits?: readonly SeedRatelimit[];
  readonly enabled?: boolean;
  /** When it expires: a moment, or a duration from now. */
  readonly expires?: Moment;
  readonly recoverable?: boolean;
}

/** The content of a seed file. */
export interface Seed extends SeedWorkspace {
  /** Further workspaces; each needs a root key of its own. */
  readonly workspaces?: readonly (SeedWorkspace & { readonly name: string })[];
}

export interface SeedWorkspace {
  readonly rootKeys?: readonly SeedRootKey[];
  readonly apis?: readonly SeedApi[];
  /** Slugs. Keys and roles can have these only. */
  readonly permissions?: readonly string[];
  readonly roles?: readonly SeedRole[];
  readonly identities?: readonly SeedIdentity[];
  readonly keys?: readonly SeedKey[];
  readonly namespaces?: readonly SeedNamespace[];
  /** API requests per minute of the workspace. Default: no limit. */
  readonly requestsPerMinute?: number;
}

export interface SeedRootKey {
  /** Begins with `unkey_emulator_`, which `serve` refuses. */
  readonly key: string;
  readonly name?: string;
  /** Default: all. */
  readonly permissions?: readonly string[];
}

export interface SeedApi {
  readonly name: string;
  /** `api_…`. Default: made. */
  readonly id?: string;
  /** Default prefix of its keys. */
  readonly prefix?: string;
  /** Default number of random bytes of its keys. */
  readonly byteLength?: number;
}

export interface SeedRole {
  readonly name: string;
  readonly description?: string;
  readonly permissions?: readonly string[];
}

export interface SeedIdentity {
  readonly externalId: string;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly ratelimits?: readonly SeedRatelimit[];
}

export interface SeedKey {
  /** Id or name of its API. Default: the only API. */
  readonly api?: string;
  /** The key itself. Default: made, and then known only if the key is recoverable. */
  readonly key?: string;
  /** `key_…`. Default: made. */
  readonly id?: string;
  readonly name?: string;
  readonly prefix?: string;
  readonly byteLength?: number;
  readonly externalId?: string;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
  readonly credits?: SeedCredits;
  readonly ratelimits?: readonly SeedRatelimit[];
  readonly enabled?: boolean;
  /** Unix milliseconds, an ISO 8601 text, or a duration from the start (`30d`). */
  readonly expires?: number | string;
  readonly recoverable?: boolean;
}

export interface SeedCredits {
  readonly remaining: number | null;
  readonly refill?: {
    readonly interval: 'daily' | 'monthly';
    readonly amount: number;
    readonly refillDay?: number;
  };
}

export interface SeedRatelimit {
  readonly name: string;
  readonly limit: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly autoApply?: boolean;
}

export interface SeedNamespace {
  readonly name: string;
  readonly overrides?: readonly {
    readonly identifier: string;
    readonly limit: number;
    /** Milliseconds. */
    readonly duration: number;
  }[];
}
