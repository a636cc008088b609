import type { UnkeyError } from './errors.ts';
import type { HeadersLike } from './platform.ts';

/** One attempt before it is sent. A hook may change `url`, `headers` and `body`. */
export interface RequestContext {
  /** `keys.verifyKey`. */
  readonly operation: string;
  readonly method: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** When the attempt began, on the clock of `performance.now()`. */
  readonly startedAt: number;
  url: string;
  /** Without `authorization`, so that it can be logged. A hook that sets `authorization` replaces the root key. */
  readonly headers: Record<string, string>;
  /** The JSON text. It may contain keys, so printing this object does not show it. */
  body: string | undefined;
}

/** A response with any status. */
export interface ResponseContext {
  readonly request: RequestContext;
  readonly status: number;
  readonly headers: HeadersLike;
  readonly durationMs: number;
  /** The text. It may contain keys, so printing this object does not show it. */
  readonly body: string;
}

/** A failed attempt before its retry. */
export interface RetryContext {
  readonly request: RequestContext;
  readonly error: UnkeyError;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
}

/** Functions called during a request; promises are awaited. An error of a hook ends the call. */
export interface Hooks {
  /** Before every attempt. */
  beforeRequest?(request: RequestContext): void | Promise<void>;
  /** After every response, with any status. */
  afterResponse?(response: ResponseContext): void | Promise<void>;
  /** After every failed attempt. */
  onError?(error: UnkeyError, request: RequestContext): void | Promise<void>;
  /** Before the pause between two attempts. */
  onRetry?(retry: RetryContext): void | Promise<void>;
}
