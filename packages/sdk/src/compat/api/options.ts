import type { RetryOptions } from '../../retry.ts';
import type { HTTPClient } from './http-client.ts';

/** Servers by their index. */
export const ServerList = ['https://api.unkey.com'] as const;

/** Pauses between attempts, in milliseconds. */
export type BackoffStrategy = {
  initialInterval: number;
  maxInterval: number;
  exponent: number;
  /** No attempt starts later than this after the first one. */
  maxElapsedTime: number;
};

/** Whether and how calls are retried. */
export type RetryConfig =
  | { strategy: 'none' }
  | { strategy: 'backoff'; backoff?: BackoffStrategy; retryConnectionErrors?: boolean };

/** Receives debug lines. */
export interface Logger {
  group(label?: string): void;
  groupEnd(): void;
  // biome-ignore lint/suspicious/noExplicitAny: so that every logger fits.
  log(message: any, ...rest: any[]): void;
}

/** Options of a client. */
export type SDKOptions = {
  /** Default: the environment variable `UNKEY_ROOT_KEY`. */
  rootKey?: string | (() => Promise<string>) | undefined;
  httpClient?: HTTPClient;
  /** Index of a server in `ServerList`. */
  serverIdx?: number | undefined;
  /** Default: the environment variable `UNKEY_SERVER_URL`, else the hosted service. */
  serverURL?: string | undefined;
  userAgent?: string | undefined;
  /** Default: up to ten seconds. */
  retryConfig?: RetryConfig;
  /** Milliseconds for each attempt. Default: no limit. */
  timeoutMs?: number;
  /** Gets method, URL, status and headers of each attempt; no keys and no bodies. */
  debugLogger?: Logger;
};

/** Options of a single call; also those of `fetch`. */
export type RequestOptions = {
  /** Milliseconds for each attempt. Ignored if there is a `signal`. */
  timeoutMs?: number;
  retries?: RetryConfig;
  /** Statuses to retry: `503`, `5XX`. Default: `5XX`. */
  retryCodes?: string[];
  serverURL?: string | URL;
  /** @deprecated Its members are options themselves. */
  fetchOptions?: Omit<RequestInit, 'method' | 'body'>;
} & Omit<RequestInit, 'method' | 'body'>;

/** The server's URL; null if there is none. */
export function serverURLFromOptions({ serverURL, serverIdx = 0 }: SDKOptions): URL | null {
  const url = serverURL || ServerList[serverIdx];
  if (url === undefined) throw new Error(`Invalid server index ${serverIdx}`);
  return new URL(url);
}

const standardBackoff: BackoffStrategy = {
  initialInterval: 500,
  maxInterval: 60_000,
  exponent: 1.5,
  maxElapsedTime: 3_600_000,
};

/** Retries without a configuration. */
const standardRetries: RetryConfig = {
  strategy: 'backoff',
  backoff: { initialInterval: 50, maxInterval: 1000, exponent: 1.5, maxElapsedTime: 10_000 },
  retryConnectionErrors: true,
};

/** The options of our client for a configuration of retries. */
export function retryOptions(
  config: RetryConfig = standardRetries,
  codes: readonly string[] = ['5XX'],
): RetryOptions | false {
  if (config.strategy !== 'backoff') return false;
  const { backoff = standardBackoff, retryConnectionErrors = false } = config;
  return {
    initialIntervalMs: backoff.initialInterval,
    maxIntervalMs: backoff.maxInterval,
    exponent: backoff.exponent,
    maxElapsedMs: backoff.maxElapsedTime,
    retryConnectionErrors,
    statusCodes: codes.map((code) => code.toUpperCase() as '5XX'),
  };
}
