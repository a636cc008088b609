import { kinds } from '../../core.ts';
import { isUnkeyError } from '../../errors.ts';
import type { Hooks } from '../../hooks.ts';
import type { IdempotentCallOptions } from '../../options.ts';
import { environment, type FetchInit, type ResponseLike } from '../../platform.ts';
import { type ClientState, clientState, startCall } from '../../start-call.ts';
import type { Calls } from '../generated/components.ts';
import { asConnectionError, clientFailure, responseFailure } from './failures.ts';
import { type Logger, type RequestOptions, retryOptions, type SDKOptions, ServerList } from './options.ts';
import type { APICall, Result } from './results.ts';

/** What a call has sent and received; the last attempt counts. */
interface Exchange {
  readonly timeoutMs: number | undefined;
  url?: string;
  init?: RequestInit;
  response?: Response;
}

/** The exchange of a call, among the options of `fetch`. */
const exchangeKey = Symbol('exchange');

/** A client for the functions of `funcs`. */
export class UnkeyCore {
  // Private at run time too: printing the client shows no root key.
  readonly #client: ClientState;
  readonly #options: SDKOptions;

  constructor(options: SDKOptions = {}) {
    const { rootKey, serverURL, serverIdx, userAgent, retryConfig, debugLogger } = options;
    if (serverIdx !== undefined && ServerList[serverIdx] === undefined) {
      throw new Error(`Invalid server index ${serverIdx}`);
    }
    this.#options = options;
    // Keys for spends, too, where retries are asked for: they are repeated safely then.
    const withKey = retryConfig?.strategy === 'backoff' ? /[+!]/ : /[+]/;
    this.#client = clientState(
      {
        rootKey,
        serverURL: serverURL || (serverIdx === undefined ? undefined : ServerList[serverIdx]),
        timeoutMs: 0,
        headers: { 'user-agent': userAgent },
        hooks: debugHooks(debugLogger ?? (environment('UNKEY_DEBUG') ? console : undefined)),
        fetch: (url, init) => this.#send(url, init),
        // As there.
        dangerouslyAllowBrowser: true,
      },
      { idempotencyKey: (kind) => (withKey.test(kind) ? crypto.randomUUID() : undefined) },
    );
  }

  /** Calls an operation. Never rejects. For the functions of this package. */
  async call<Id extends keyof Calls>(
    operation: Id,
    request: Calls[Id]['request'],
    options: RequestOptions = {},
  ): Promise<[Result<Calls[Id]['response'], Error>, APICall]> {
    const { timeoutMs, retries, retryCodes, serverURL, fetchOptions, ...own } = options;
    const { signal, headers, ...rest } = { ...fetchOptions, ...own };
    const exchange: Exchange = { timeoutMs: signal ? undefined : timeoutMs || this.#options.timeoutMs };
    const callOptions: IdempotentCallOptions = {
      serverURL: serverURL && String(serverURL),
      headers: Object.fromEntries(new Headers(headers)),
      signal,
      retry: retryOptions(retries ?? this.#options.retryConfig, retryCodes),
      fetchOptions: { ...rest, [exchangeKey]: exchange },
    };
    try {
      const { value } = await startCall(this.#client, {
        operation,
        kind: kinds.get(operation) ?? '?',
        body: withDefaults(operation, request),
        options: callOptions,
      }).response;
      return [{ ok: true, value: value as Calls[Id]['response'] }, apiCall(exchange)];
    } catch (error) {
      return [{ ok: false, error: failureOf(operation, error, exchange) }, apiCall(exchange)];
    }
  }

  async #send(url: string, sent: FetchInit): Promise<ResponseLike> {
    const { [exchangeKey]: exchange, ...init } = sent as RequestInit & { [exchangeKey]: Exchange };
    const { timeoutMs } = exchange;
    if (timeoutMs !== undefined && timeoutMs > 0) {
      init.signal = AbortSignal.any([sent.signal, AbortSignal.timeout(timeoutMs)]);
    }
    Object.assign(exchange, { url, init, response: undefined });
    const { httpClient } = this.#options;
    try {
      // Not as a `Request` unless it is asked for: some edge runtimes reject those.
      const response = await (httpClient ? httpClient.request(new Request(url, init)) : fetch(url, init));
      exchange.response = response;
      return response;
    } catch (cause) {
      throw asConnectionError(cause);
    }
  }
}

function failureOf(operation: string, error: unknown, exchange: Exchange): Error {
  const { response } = exchange;
  if (response === undefined || !isUnkeyError(error) || error.status === undefined)
    return clientFailure(error);
  return responseFailure(operation, { response, request: requestOf(exchange), body: error.body ?? '' });
}

function apiCall(exchange: Exchange): APICall {
  if (exchange.url === undefined) return { status: 'invalid' };
  const request = requestOf(exchange);
  const { response } = exchange;
  return response ? { status: 'complete', request, response } : { status: 'request-error', request };
}

function requestOf({ url = '', init }: Exchange): Request {
  return new Request(url, init);
}

/** Operations whose requests have limits of keys or identities. */
const withLimits = /^(keys\.(create|update|migrate)Keys?|identities\.(create|update)Identity)$/;

/** With `autoApply`, which the service requires and `@unkey/api` fills in. */
function withDefaults(operation: string, request: object): object {
  return withLimits.test(operation) ? withAutoApply(request) : request;
}

function withAutoApply(settings: Settings): object {
  const { ratelimits, keys } = settings;
  return {
    ...settings,
    ...(ratelimits && {
      ratelimits: ratelimits.map((limit) => ({ ...limit, autoApply: limit.autoApply ?? false })),
    }),
    ...(keys && { keys: keys.map(withAutoApply) }),
  };
}

interface Settings {
  readonly ratelimits?: readonly { readonly autoApply?: boolean | undefined }[] | undefined;
  readonly keys?: readonly Settings[] | undefined;
}

function debugHooks(logger: Logger | undefined): Hooks[] {
  if (logger === undefined) return [];
  const log = (label: string, lines: Iterable<string>): void => {
    logger.group(label);
    for (const line of lines) logger.log(line);
    logger.groupEnd();
  };
  return [
    {
      beforeRequest: ({ method, url, headers }) =>
        log(
          `> Request: ${method} ${url}`,
          Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
        ),
      afterResponse: ({ request: { method, url }, status, durationMs }) =>
        log(`< Response: ${method} ${url}`, [
          `Status Code: ${status}`,
          `Duration: ${Math.round(durationMs)} ms`,
        ]),
    },
  ];
}
