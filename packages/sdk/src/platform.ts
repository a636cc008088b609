/**
 * What the library uses of its runtime. Browsers, workers, Deno, Bun and Node differ, and users compile with or
 * without DOM types: so it is described here, as little as suffices, and asked for with care.
 */

/** As much of an `AbortSignal` as is used. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * The runtime's own `AbortSignal` in projects that have its type: theirs is what `fetch` of such a project takes.
 * This package itself has none.
 */
export type OwnAbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer Own } }
  ? Own extends AbortSignalLike
    ? Own
    : AbortSignalLike
  : AbortSignalLike;

/** As much of `Headers` as is used. */
export interface HeadersLike {
  /** A header's value; the name is matched without regard to case. */
  get(name: string): string | null;
}

/** As much of a `Response` as is used. */
export interface ResponseLike {
  readonly status: number;
  readonly headers: HeadersLike;
  text(): Promise<string>;
}

/** What `fetch` is given. */
export interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly redirect: 'manual';
  readonly signal: OwnAbortSignal;
}

/** The platform's `fetch`, or anything that behaves like it. */
export type Fetch = (url: string, init: FetchInit) => Promise<ResponseLike>;

interface Platform {
  readonly fetch: Fetch;
  readonly AbortController: new () => { readonly signal: OwnAbortSignal; abort(reason: unknown): void };
  readonly crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };
  readonly console: { error(message: string): void };
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  readonly performance: { now(): number };
  setTimeout(run: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

// The compiler is told of no runtime at all (`types: []`), so that none is taken for granted.
export const platform = globalThis as unknown as Platform;

/** A variable of the environment, where there is one and it may be read. */
export function environment(name: string): string | undefined {
  try {
    return platform.process?.env?.[name];
  } catch {
    return undefined;
  }
}
