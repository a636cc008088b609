// The declarations mention Symbol.dispose: so they also compile where a project does not list this library.
/// <reference lib="esnext.disposable" preserve="true" />

import type { Answer } from './answer.ts';
import { Call, type Delivery } from './call.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import {
  AbortError,
  apiError,
  ConfigurationError,
  ConnectionError,
  type ErrorClasses,
  foreignAnswer,
  isUnkeyError,
  ResponseValidationError,
  redact,
  UnkeyError,
} from './errors.ts';
import type { Operations } from './generated/api.ts';
import { cached, idempotent } from './generated/operations.ts';
import { version } from './generated/version.ts';
import type { Hooks, RequestContext } from './hooks.ts';
import {
  type CallOptions,
  type CoreOptions,
  checkHeader,
  hostedURL,
  type IdempotentCallOptions,
  parseRootKey,
  parseServerURL,
} from './options.ts';
import { environment, type FetchInit, type HeadersLike, platform } from './platform.ts';
import { rateLimitOf } from './rate-limit.ts';
import { pauseBeforeRetry, retryPolicy } from './retry.ts';

/** How far a call has come: every error says so. */
interface Progress {
  readonly operation: string;
  attempts: number;
}

/** What all attempts of a call have in common. */
interface Exchange {
  readonly progress: Progress;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly authorization: string;
  readonly options: CallOptions;
  readonly deadline: Deadline;
  /** Whether doing the work twice is harmless. */
  readonly isRepeatable: boolean;
  /** What no message may hold. */
  readonly secrets: readonly string[];
}

/** What `Unkey` adds: a small page does without. */
export interface Extras {
  readonly errorClasses?: ErrorClasses;
  checkOptions?(options: CallOptions): void;
  /** For operations that ask for one. */
  idempotencyKey?(operation: string): string | undefined;
}

/** The client without a method for each operation: all that a page with one or two calls needs. */
export class UnkeyCore {
  // Private for the runtime as well: printing the client shows no root key.
  readonly #options: CoreOptions;
  readonly #extras: Extras;
  readonly #rootKey: string | (() => string | Promise<string>);
  readonly #serverURL: string;
  readonly #running = new Map<Deadline, Promise<unknown>>();
  #isClosed = false;

  /** Throws `ConfigurationError` when there is no root key or a wrong `serverURL`. */
  constructor(options: CoreOptions = {}, extras: Extras = {}) {
    this.#extras = extras;
    this.#options = options;
    this.#rootKey = options.rootKey ?? environment('UNKEY_ROOT_KEY') ?? '';
    if (typeof this.#rootKey !== 'function') parseRootKey(this.#rootKey);
    this.#serverURL = parseServerURL(options.serverURL || environment('UNKEY_SERVER_URL') || hostedURL);
  }

  /**
   * Calls an operation by its id, `keys.verifyKey`, or by its path. A `body` of null makes it a GET.
   * Operations that are newer than this version work, too. They are tried again only if they are a GET, carry an
   * `idempotencyKey`, or the service certainly did nothing.
   */
  request<Id extends keyof Operations>(
    operation: Id,
    body: Operations[Id]['request'],
    options?: Operations[Id]['options'],
  ): Call<Operations[Id]['answer']>;
  request<Value extends object = Answer<unknown>>(
    path: string,
    body?: object | null,
    options?: IdempotentCallOptions,
  ): Call<Value>;
  request(path: string, body: object | null = {}, options: IdempotentCallOptions = {}): Call<object> {
    const operation = path.replace(/^(\/?v2)?\//, '');
    const timeoutMs =
      options.timeoutMs ?? this.#options.timeoutMs ?? (cached.includes(operation) ? 3000 : 10_000);
    const deadline = startDeadline(timeoutMs, options.signal);
    const progress = { operation, attempts: 0 };
    const delivery = this.#send(progress, body, options, deadline)
      .catch((error) => {
        throw Object.assign(wrapped('The call failed', error), progress);
      })
      .finally(() => {
        deadline.clear();
        this.#running.delete(deadline);
      });
    this.#running.set(deadline, delivery);
    return new Call(delivery);
  }

  /** Ends running calls with `AbortError`, and refuses later ones. */
  close(): void {
    this.#isClosed = true;
    for (const deadline of this.#running.keys()) deadline.abort(closedError());
  }

  /** `using`: the same as `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** `await using`: lets running calls end, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#running.values());
    this.close();
  }

  async #send(
    progress: Progress,
    body: object | null,
    options: IdempotentCallOptions,
    deadline: Deadline,
  ): Promise<Delivery<object>> {
    if (this.#isClosed) throw closedError();
    this.#extras.checkOptions?.(options);
    // Before anything is waited for: the caller may change it afterwards.
    const text = writeBody(body);
    const serverURL = options.serverURL ? parseServerURL(options.serverURL) : this.#serverURL;
    const rootKey = this.#rootKey;
    const authorization = parseRootKey(
      typeof rootKey === 'function' ? await ask(deadline, 'The function rootKey', rootKey) : rootKey,
    );
    const { operation } = progress;
    const headers = mergeHeaders(
      {
        accept: 'application/json',
        'content-type': 'application/json',
        // Browsers send their own.
        'user-agent': platform.process && `unkey-ts/${version}`,
        'idempotency-key': options.idempotencyKey ?? this.#extras.idempotencyKey?.(operation),
      },
      this.#options.headers,
      options.headers,
    );
    const isAnsweredOnce = headers['idempotency-key'] !== undefined && !isHosted.test(serverURL);
    return this.#attempts({
      progress,
      url: `${serverURL}/v2/${operation}`,
      headers,
      body: text,
      authorization,
      options,
      deadline,
      isRepeatable: isAnsweredOnce || body === null || idempotent.includes(operation),
      secrets: [authorization.slice(7), String((body as { key?: unknown } | null)?.key ?? '')],
    });
  }

  async #attempts(exchange: Exchange): Promise<Delivery<object>> {
    const { progress, deadline, isRepeatable } = exchange;
    const policy = retryPolicy(this.#options.retry, exchange.options.retry);
    const startedAt = platform.performance.now();
    for (;;) {
      const attempt = ++progress.attempts;
      const request = requestContext(exchange);
      try {
        return await this.#attempt(exchange, request);
      } catch (thrown) {
        const error = Object.assign(thrown as UnkeyError, progress);
        await this.#call(deadline, 'onError', error, request);
        const delayMs = pauseBeforeRetry(
          {
            error,
            attempt,
            isRepeatable,
            elapsedMs: platform.performance.now() - startedAt,
            remainingMs: deadline.remainingMs(),
          },
          policy,
        );
        if (delayMs === undefined) throw error;
        await this.#call(deadline, 'onRetry', { request, error, delayMs });
        await deadline.sleep(delayMs);
      }
    }
  }

  async #attempt(exchange: Exchange, request: RequestContext): Promise<Delivery<object>> {
    const { progress, deadline, secrets } = exchange;
    await this.#call(deadline, 'beforeRequest', request);
    const startedAt = platform.performance.now();
    const { status, headers, body } = await this.#fetch(exchange, request);
    const durationMs = platform.performance.now() - startedAt;
    await this.#call(deadline, 'afterResponse', { request, status, headers, durationMs });
    const data = readBody(body);
    const answer = { status, headers, body, data };
    if (status < 200 || status > 299) {
      throw apiError(answer, { secrets, classes: this.#extras.errorClasses });
    }
    if (data?.meta === undefined) throw new ResponseValidationError(foreignAnswer(status, headers), answer);
    const { attempts } = progress;
    return { value: data, response: { status, headers, rateLimit: rateLimitOf(headers), attempts } };
  }

  /** A whole answer; no answer or a part of one is a `ConnectionError`. */
  async #fetch(
    { authorization, options, deadline, secrets }: Exchange,
    request: RequestContext,
  ): Promise<{ status: number; headers: HeadersLike; body: string }> {
    // Called without a receiver: some runtimes refuse their own fetch on any other object.
    const fetch = this.#options.fetch ?? platform.fetch;
    const { signal } = deadline;
    const init: FetchInit = {
      ...this.#options.fetchOptions,
      ...options.fetchOptions,
      method: request.method,
      headers: { authorization, ...request.headers },
      // Every fetch takes undefined for none; their types in the strictest projects do not.
      body: request.body as string,
      // A redirected POST loses its body, and a root key must not go where it was not meant to.
      redirect: 'manual',
      signal,
    };
    try {
      if (signal.aborted) throw signal.reason;
      const response = await deadline.race(fetch(request.url, init));
      const { status, headers } = response;
      return { status, headers, body: await deadline.race(response.text()) };
    } catch (cause) {
      if (isUnkeyError(cause)) throw cause;
      const message = redact(`No answer came: ${messageOf(cause)}`, secrets);
      throw new ConnectionError(message, { cause, retryable: true });
    }
  }

  async #call<Name extends keyof Hooks>(
    deadline: Deadline,
    name: Name,
    ...given: Parameters<NonNullable<Hooks[Name]>>
  ): Promise<void> {
    for (const hooks of [this.#options.hooks ?? []].flat()) {
      // The compiler does not see that the parameters belong to the name.
      const called = hooks as Record<string, (...given: unknown[]) => unknown>;
      await ask(deadline, `The hook ${name}`, () => called[name]?.(...given));
    }
  }
}

/** It does not look at `Idempotency-Key`. */
const isHosted = /\/\/api\.unkey\.com/i;

function requestContext({ progress, url, headers, body }: Exchange): RequestContext {
  const { operation, attempts: attempt } = progress;
  const method = body === undefined ? 'GET' : 'POST';
  const request = { operation, method, attempt, url, headers: { ...headers } };
  // Hidden from whoever prints the request.
  return Object.defineProperty(request as RequestContext, 'body', { value: body, writable: true });
}

function closedError(): AbortError {
  return new AbortError('The client is closed.');
}

/** Later headers win; null takes one away. */
function mergeHeaders(...sets: readonly CoreOptions['headers'][]): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const [name, value] of sets.flatMap((headers) => Object.entries(headers ?? {}))) {
    if (value === null) delete merged[name.toLowerCase()];
    else if (value !== undefined) merged[name.toLowerCase()] = checkHeader(name, value);
  }
  return merged;
}

function writeBody(body: object | null): string | undefined {
  try {
    return body === null ? undefined : JSON.stringify(body, refuseNotANumber);
  } catch (cause) {
    throw wrapped('The request is not JSON', cause, ConfigurationError);
  }
}

// JSON would make it null, which the service takes for "never" and "unlimited".
function refuseNotANumber(name: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new ConfigurationError(`'${name}' is ${value}: give a number, or leave it out.`);
}

function readBody(body: string): { meta?: unknown } | undefined {
  try {
    const data: unknown = JSON.parse(body);
    return typeof data === 'object' && data !== null ? data : undefined;
  } catch {
    return undefined;
  }
}

/** What the caller's own code gives, within the deadline. */
async function ask<Given>(
  deadline: Deadline,
  name: string,
  give: () => Given | PromiseLike<Given>,
): Promise<Given> {
  try {
    return await deadline.race(give());
  } catch (cause) {
    throw wrapped(`${name} failed`, cause);
  }
}

/** What the caller's own code threw, as an error of the one tree. */
function wrapped(what: string, cause: unknown, Class = UnkeyError): UnkeyError {
  return isUnkeyError(cause) ? cause : new Class(`${what}: ${messageOf(cause)}`, { cause });
}

/** The innermost reason: `fetch failed` alone helps nobody. */
function messageOf(thrown: unknown): string {
  const { message, code, cause } = (thrown ?? {}) as { message?: unknown; code?: unknown; cause?: unknown };
  return cause ? messageOf(cause) : String(message || code || thrown);
}
