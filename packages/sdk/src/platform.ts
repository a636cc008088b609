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
  readonly body?: string | undefined;
  readonly redirect: 'manual';
  readonly signal: AbortSignalLike;
}

/** The platform's `fetch`, or anything that behaves like it. */
// Written as a method: the platform's own fetch asks for more of a signal than is used here.
export type Fetch = { fetch(url: string, init: FetchInit): Promise<ResponseLike> }['fetch'];

interface Platform {
  readonly fetch: Fetch;
  readonly AbortController: new () => { readonly signal: AbortSignalLike; abort(reason: unknown): void };
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
