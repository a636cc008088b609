/**
 * The parts of the runtime that the library uses. Browsers, workers, Deno, Bun and Node differ, and users compile with
 * or without DOM types, so the types are declared here, as small as possible.
 */

/** The part of `AbortSignal` that is used. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * The global `AbortSignal` in projects that have its type, because their `fetch` requires it. This package itself has
 * no such type.
 */
export type OwnAbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer Own } }
  ? Own extends AbortSignalLike
    ? Own
    : AbortSignalLike
  : AbortSignalLike;

/** The part of `Headers` that is used. */
export interface HeadersLike {
  /** The value of a header; the name is case-insensitive. */
  get(name: string): string | null;
}

/** The part of `Response` that is used. */
export interface ResponseLike {
  readonly status: number;
  readonly url?: string;
  readonly headers: HeadersLike;
  /** A stream of bytes; without it `text()` alone is used. */
  readonly body?: unknown;
  text(): Promise<string>;
}

/** The global `Response` in projects that have its type. This package itself has no such type. */
export type OwnResponse = typeof globalThis extends { Response: { prototype: infer Own } }
  ? Own extends ResponseLike
    ? Own
    : ResponseLike
  : ResponseLike;

/** The second argument of `fetch`. */
export interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly redirect: 'manual';
  /** Only where the runtime knows this member. */
  readonly cache?: 'no-store';
  readonly signal: OwnAbortSignal;
}

/** The global `fetch`, or a function that behaves like it. */
export type Fetch = (url: string, init: FetchInit) => Promise<ResponseLike>;

interface Platform {
  readonly fetch: Fetch;
  readonly AbortController: new () => { readonly signal: OwnAbortSignal; abort(reason: unknown): void };
  readonly crypto: { getRandomValues(numbers: Uint32Array): Uint32Array };
  readonly Request?: { readonly prototype: object };
  readonly TextDecoder: new () => { decode(bytes?: Uint8Array, options?: { stream: boolean }): string };
  readonly URL: { canParse?(url: string): boolean };
  readonly console: { error(message: string): void };
  readonly document?: unknown;
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  readonly performance: { now(): number };
  setTimeout(run: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

// Compiled without types of any runtime (`types: []`), so that no runtime is assumed.
export const platform = globalThis as unknown as Platform;

/** Milliseconds on a clock that never goes back. */
export const now = (): number => platform.performance.now();

/** An environment variable; undefined where there is no environment or reading it is not permitted. */
export function environment(name: string): string | undefined {
  try {
    return platform.process?.env?.[name];
  } catch {
    return undefined;
  }
}
