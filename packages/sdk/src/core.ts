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
import { remembered } from './generated/operations.ts';
import { version } from './generated/version.ts';
import type { Hooks, RequestContext } from './hooks.ts';
import {
  type CallOptions,
  type CoreOptions,
  hostedURL,
  type IdempotentCallOptions,
  parseRootKey,
  parseServerURL,
} from './options.ts';
import { environment, type FetchInit, platform, type ResponseLike } from './platform.ts';
import { rateLimitOf } from './rate-limit.ts';
import { pauseBeforeRetry, retryPolicy } from './retry.ts';

/** What all attempts of a call have in common. */
interface Exchange {
  readonly operation: string;
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
   * Operations that are newer than this version work, too: they are
   * tried again only if they carry an `idempotencyKey`, or the service certainly did nothing.
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
      options.timeoutMs ?? this.#options.timeoutMs ?? (remembered.includes(operation) ? 3000 : 10_000);
    const deadline = startDeadline(timeoutMs, options.signal);
    const delivery = this.#send(operation, body, options, deadline).finally(() => {
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
    operation: string,
    body: object | null,
    options: IdempotentCallOptions,
    deadline: Deadline,
  ): Promise<Delivery<object>> {
    if (this.#isClosed) throw closedError();
    this.#extras.checkOptions?.(options);
    const serverURL = options.serverURL ? parseServerURL(options.serverURL) : this.#serverURL;
    const authorization = parseRootKey(await this.#askRootKey(deadline));
    const idempotencyKey = options.idempotencyKey ?? this.#extras.idempotencyKey?.(operation);
    const exchange: Exchange = {
      operation,
      url: `${serverURL}/v2/${operation}`,
      headers: mergeHeaders(
        {
          accept: 'application/json',
          'content-type': 'application/json',
          // Browsers send their own.
          'user-agent': platform.process && `unkey-ts/${version}`,
          'idempotency-key': idempotencyKey,
        },
        this.#options.headers,
        options.headers,
      ),
      body: body === null ? undefined : writeBody(body),
      authorization,
      options,
      deadline,
      isRepeatable: idempotencyKey === undefined ? statesOutcome.test(operation) : serverURL !== hostedURL,
      secrets: [authorization.slice(7), String((body as { key?: unknown } | null)?.key ?? '')],
    };
    return this.#attempts(exchange);
  }

  async #askRootKey(deadline: Deadline): Promise<string> {
    if (typeof this.#rootKey !== 'function') return this.#rootKey;
    try {
      return await deadline.race(Promise.resolve(this.#rootKey()));
    } catch (cause) {
      throw wrapped('The function rootKey failed', cause);
    }
  }

  async #attempts(exchange: Exchange): Promise<Delivery<object>> {
    const { operation, deadline, isRepeatable } = exchange;
    const policy = retryPolicy(this.#options.retry, exchange.options.retry);
    const startedAt = platform.performance.now();
    for (let attempt = 1; ; attempt++) {
      const request = requestContext(exchange, attempt);
      try {
        return await this.#attempt(exchange, request);
      } catch (thrown) {
        const error = Object.assign(thrown as UnkeyError, { operation, attempts: attempt });
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
    const { deadline, secrets } = exchange;
    await this.#call(deadline, 'beforeRequest', request);
    const startedAt = platform.performance.now();
    let response: ResponseLike;
    let body: string;
    try {
      response = await deadline.race(this.#fetch(exchange, request));
      body = await deadline.race(response.text());
    } catch (cause) {
      if (isUnkeyError(cause)) throw cause;
      const message = redact(`No answer came: ${messageOf(cause)}`, secrets);
      throw new ConnectionError(message, { cause, retryable: true });
    }
    const { status, headers } = response;
    const data = readBody(body);
    const durationMs = platform.performance.now() - startedAt;
    await this.#call(deadline, 'afterResponse', { request, status, headers, durationMs });
    if (status < 200 || status > 299)
      throw apiError({ status, headers, body, data }, { secrets, classes: this.#extras.errorClasses });
    if (data?.meta === undefined) {
      throw new ResponseValidationError(foreignAnswer(status, headers), { status, headers, body, data });
    }
    const { attempt } = request;
    return { value: data, response: { status, headers, rateLimit: rateLimitOf(headers), attempts: attempt } };
  }

  async #fetch(
    { authorization, options, deadline }: Exchange,
    request: RequestContext,
  ): Promise<ResponseLike> {
    if (deadline.signal.aborted) throw deadline.signal.reason;
    // Called without a receiver: some runtimes refuse their own fetch on any other object.
    const fetch = this.#options.fetch ?? platform.fetch;
    if (fetch === undefined) {
      throw new ConfigurationError('There is no fetch here: give the option fetch.');
    }
    const init: FetchInit = {
      ...this.#options.fetchOptions,
      ...options.fetchOptions,
      method: request.method,
      headers: { authorization, ...request.headers },
      ...(request.body !== undefined && { body: request.body }),
      // A redirected POST loses its body, and a root key must not go where it was not meant to.
      redirect: 'manual',
      signal: deadline.signal,
    };
    return fetch(request.url, init);
  }

  async #call<Name extends keyof Hooks>(
    deadline: Deadline,
    name: Name,
    ...given: Parameters<NonNullable<Hooks[Name]>>
  ): Promise<void> {
    for (const hooks of [this.#options.hooks ?? []].flat()) {
      try {
        // The compiler does not see that the parameters belong to the name.
        await deadline.race(
          Promise.resolve((hooks as Record<string, (...given: unknown[]) => unknown>)[name]?.(...given)),
        );
      } catch (cause) {
        throw wrapped(`The hook ${name} failed`, cause);
      }
    }
  }
}

/** Operations that say what shall be so afterwards, or only read: doing them twice changes nothing more. */
const statesOutcome = /(^|\.)(get|list|set|update(?!Credits)|delete|add|remove|whoami|liveness)/;

function requestContext({ operation, url, headers, body }: Exchange, attempt: number): RequestContext {
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
    else if (value !== undefined) merged[name.toLowerCase()] = value;
  }
  return merged;
}

function writeBody(body: object): string {
  try {
    return JSON.stringify(body, refuseNotANumber);
  } catch (cause) {
    throw wrapped('The request is not JSON', cause);
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

/** What the caller's own code threw, as an error of the one tree. */
function wrapped(what: string, cause: unknown): UnkeyError {
  return isUnkeyError(cause) ? cause : new UnkeyError(`${what}: ${messageOf(cause)}`, { cause });
}

/** The innermost reason: `fetch failed` alone helps nobody. */
function messageOf(thrown: unknown): string {
  const { message, code, cause } = (thrown ?? {}) as { message?: unknown; code?: unknown; cause?: unknown };
  return cause ? messageOf(cause) : String(message || code || thrown);
}
