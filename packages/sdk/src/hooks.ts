import type { UnkeyError } from './errors.ts';
import type { HeadersLike } from './platform.ts';

/** One attempt, before it is sent. A hook may change `url`, `headers` and `body`. */
export interface RequestContext {
  /** `keys.verifyKey`. */
  readonly operation: string;
  readonly method: string;
  /** 1 for the first. */
  readonly attempt: number;
  url: string;
  /** Without `authorization`, so that it can be logged; one that a hook puts here is sent instead of the root key. */
  readonly headers: Record<string, string>;
  /** The JSON text. It may hold keys: printing this object does not show it. */
  body: string | undefined;
}

/** An answer, of whatever status. */
export interface ResponseContext {
  readonly request: RequestContext;
  readonly status: number;
  readonly headers: HeadersLike;
  readonly durationMs: number;
}

/** An attempt that failed and is followed by another one. */
export interface RetryContext {
  readonly request: RequestContext;
  readonly error: UnkeyError;
  /** Until the next attempt. */
  readonly delayMs: number;
}

/** Called as a request goes along; a promise is waited for. What a hook throws ends the call. */
export interface Hooks {
  /** Before every attempt. */
  beforeRequest?(request: RequestContext): void | Promise<void>;
  /** After every answer, errors too. */
  afterResponse?(response: ResponseContext): void | Promise<void>;
  /** After every attempt that failed. */
  onError?(error: UnkeyError, request: RequestContext): void | Promise<void>;
  /** Before the pause that precedes another attempt. */
  onRetry?(retry: RetryContext): void | Promise<void>;
}
