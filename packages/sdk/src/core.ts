import { type ApiResponse, Call } from './call.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import {
  AbortError,
  ConfigurationError,
  ConnectionError,
  type ErrorClassFor,
  isObject,
  isUnkeyError,
  redact,
  responseError,
  UnkeyError,
} from './errors.ts';
import type { Operations, VerifyKeyData, VerifyKeyRequest } from './generated/api.ts';
import { cached, idempotent, withoutData } from './generated/operations.ts';
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
import { environment, type FetchInit, now, platform, type ResponseLike } from './platform.ts';
import { rateLimitOf } from './rate-limit.ts';
import { readText } from './read-text.ts';
import type { ResponseBody } from './response-body.ts';
import { pauseBeforeRetry, retryPolicy } from './retry.ts';

// As in lib.esnext.disposable, which TypeScript has since 5.2 and projects may leave out of `lib`.
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}

/** The operation and the attempts made so far: every error carries both. */
interface Progress {
  readonly operation: string;
  attempts: number;
}

/** State that all attempts of a call share. */
interface CallState {
  readonly progress: Progress;
  /** Whether the operation is called by its path. */
  readonly isPath: boolean;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly authorization: string;
  readonly options: CallOptions;
  readonly deadline: Deadline;
  /** Whether a repeated request changes nothing more. */
  readonly isRepeatable: boolean;
  /** Values that must not appear in messages. */
  readonly secrets: readonly string[];
}

/** Parts that only `Unkey` uses: a bundle with `UnkeyCore` alone leaves them out. */
export interface InternalOptions {
  readonly classFor?: ErrorClassFor;
  checkOptions?(options: CallOptions): unknown;
  /** Generates a key for operations that store their first response. */
  idempotencyKey?(operation: string): string | undefined;
}

/** The client with `request` alone, without a method for each operation: for small bundles. */
export class UnkeyCore {
  // Private at run time too: printing the client shows no root key.
  readonly #options: CoreOptions;
  readonly #internal: InternalOptions;
  readonly #rootKey: CoreOptions['rootKey'];
  readonly #serverURL: string;
  readonly #running = new Map<Deadline, Promise<unknown>>();
  #isClosed = false;

  /**
   * Throws `ConfigurationError` if an option is invalid. A missing root key is an error of the first call, so that builds
   * work without secrets.
   */
  constructor(options: CoreOptions = {}, internal: InternalOptions = {}) {
    const unknown = Object.keys(options).find((name) => !optionName.test(name));
    if (unknown) throw new ConfigurationError(`Unknown option '${unknown}'.`);
    this.#internal = internal;
    this.#options = options;
    this.#rootKey = options.rootKey || environment('UNKEY_ROOT_KEY');
    if (this.#rootKey && typeof this.#rootKey !== 'function') parseRootKey(this.#rootKey);
    this.#serverURL = parseServerURL(options.serverURL || environment('UNKEY_SERVER_URL') || hostedURL);
  }

  /**
   * Calls an operation by its id, `keys.verifyKey`. A `body` of null sends a GET. Operations that this version does not
   * know are called by their path, which begins with a slash: `/v2/keys.newOperation`. They are retried if they are a GET, have an `idempotencyKey`,
   * or if the service certainly did not process the request.
   */
  request<const Query extends string>(
    operation: 'keys.verifyKey',
    body: VerifyKeyRequest<Query>,
    options?: IdempotentCallOptions,
  ): Call<ResponseBody<VerifyKeyData>, Operations['keys.verifyKey']['errorCode']>;
  request<Id extends Exclude<keyof Operations, 'keys.verifyKey'>>(
    operation: Id,
    body: undefined extends Operations[Id]['request'] ? null : Operations[Id]['request'],
    options?: Operations[Id]['options'],
  ): Call<Operations[Id]['response'], Operations[Id]['errorCode']>;
  request<Value extends object = ResponseBody<unknown>>(
    path: `/${string}`,
    body?: object | null,
    options?: IdempotentCallOptions,
  ): Call<Value>;
  request(path: string, body: object | null = {}, options: IdempotentCallOptions = {}): Call<object> {
    const operation = path.replace(/^\/(v2\/)?/, '');
    const timeoutMs =
      options.timeoutMs ?? this.#options.timeoutMs ?? (cached.includes(operation) ? 3000 : 10_000);
    const deadline = startDeadline(timeoutMs, options.signal);
    const progress = { operation, attempts: 0 };
    const isPath = operation !== path;
    const apiResponse = this.#send({ progress, isPath, options, deadline }, body)
      .catch((error) => {
        throw Object.assign(wrapError('The call failed', error), progress);
      })
      .finally(() => {
        deadline.clear();
        this.#running.delete(deadline);
      });
    this.#running.set(deadline, apiResponse);
    return new Call(apiResponse);
  }

  /** Aborts running calls with `AbortError` and rejects later calls. */
  close(): void {
    this.#isClosed = true;
    for (const deadline of this.#running.keys()) deadline.abort(closedError());
  }

  /** For `using`: the same as `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** For `await using`: waits for running calls, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#running.values());
    this.close();
  }

  async #send(
    call: Pick<CallState, 'progress' | 'isPath' | 'options' | 'deadline'>,
    body: object | null,
  ): Promise<ApiResponse<object>> {
    if (this.#isClosed) throw closedError();
    const { deadline, progress } = call;
    const options: IdempotentCallOptions = call.options;
    const { operation } = progress;
    // Dot segments, encoded ones too, would leave /v2 with the root key.
    if (!operationPath.test(operation)) throw new ConfigurationError(`Invalid operation '${operation}'.`);
    this.#internal.checkOptions?.(options);
    // Before the first await: the caller may change the object afterwards.
    const text = writeBody(body);
    const serverURL = options.serverURL ? parseServerURL(options.serverURL) : this.#serverURL;
    const rootKey = this.#rootKey || environment('UNKEY_ROOT_KEY');
    const authorization = parseRootKey(
      typeof rootKey === 'function' ? await callUserCode(deadline, 'The function rootKey', rootKey) : rootKey,
    );
    const headers = mergeHeaders(
      {
        accept: 'application/json',
        'content-type': 'application/json',
        // Browsers send their own user agent.
        'user-agent': platform.process && `unkey-ts/${version}`,
        'idempotency-key': options.idempotencyKey ?? this.#internal.idempotencyKey?.(operation),
      },
      this.#options.headers,
      options.headers,
    );
    const isDeduplicated = headers['idempotency-key'] !== undefined && !isHosted.test(serverURL);
    return this.#attempts({
      ...call,
      url: `${serverURL}/v2/${operation}`,
      headers,
      body: text,
      authorization,
      isRepeatable: isDeduplicated || body === null || idempotent.includes(operation),
      secrets: secretsOf(headers.authorization ?? authorization, body),
    });
  }

  async #attempts(call: CallState): Promise<ApiResponse<object>> {
    const { progress, deadline, isRepeatable } = call;
    const policy = retryPolicy(this.#options.retry, call.options.retry);
    const endsAt = Math.min(deadline.endsAt, now() + (policy.maxElapsedMs ?? Infinity));
    for (;;) {
      progress.attempts++;
      const request = requestContext(call);
      try {
        return await this.#attempt(call, request);
      } catch (thrown) {
        const error = Object.assign(thrown as UnkeyError, progress);
        await this.#callHooks(deadline, 'onError', error, request);
        const delayMs = pauseBeforeRetry(error, policy, isRepeatable, endsAt - now());
        if (delayMs === undefined) throw error;
        await this.#callHooks(deadline, 'onRetry', { request, error, delayMs });
        await deadline.sleep(delayMs);
      }
    }
  }

  async #attempt(call: CallState, request: RequestContext): Promise<ApiResponse<object>> {
    const { progress, deadline, secrets } = call;
    await this.#callHooks(deadline, 'beforeRequest', request);
    const startedAt = now();
    const [{ status, headers }, body] = await this.#fetch(call, request);
    const durationMs = now() - startedAt;
    await this.#callHooks(deadline, 'afterResponse', { request, status, headers, durationMs });
    const isOk = status >= 200 && status <= 299;
    const data = parseBody(body, isOk ? [] : secrets);
    const response = { status, headers, body: redact(body, secrets), data };
    if (!isOk || !isValid(data, call)) throw responseError(response, isOk, this.#internal.classFor);
    const { attempts } = progress;
    return { value: data, response: { status, headers, rateLimit: rateLimitOf(headers), attempts } };
  }

  /** Reads a complete response. Without one, or with a part of one, it rejects with `ConnectionError`. */
  async #fetch(
    { authorization, options, deadline, secrets }: CallState,
    request: RequestContext,
  ): Promise<[ResponseLike, body: string]> {
    // Called without a receiver: some runtimes reject their own fetch as a method of another object.
    const fetch = this.#options.fetch ?? platform.fetch;
    const { signal } = deadline;
    const init: FetchInit = {
      // Next.js 13 and 14 cache responses, those to a POST too. Some workers throw at the member.
      ...('cache' in (platform.Request?.prototype ?? {}) && { cache: 'no-store' }),
      ...this.#options.fetchOptions,
      ...options.fetchOptions,
      method: request.method,
      headers: { authorization, ...request.headers },
      // Every fetch accepts undefined here; its type under exactOptionalPropertyTypes does not.
      body: request.body as string,
      // A redirected POST loses its body, and the root key must not reach another host.
      redirect: 'manual',
      signal,
    };
    try {
      if (signal.aborted) throw signal.reason;
      const response = await deadline.race(fetch(request.url, init));
      const maxBytes = options.maxResponseBytes ?? this.#options.maxResponseBytes;
      return [response, await readText(response, deadline, maxBytes)];
    } catch (cause) {
      if (isUnkeyError(cause)) throw cause;
      const message = redact(`No response: ${messageOf(cause)}`, secrets);
      // Of `fetch`, for the ports of other protocols.
      throw new ConnectionError(message, { cause, retryable: !/bad port/.test(message) });
    }
  }

  async #callHooks<Name extends keyof Hooks>(
    deadline: Deadline,
    name: Name,
    ...params: Parameters<NonNullable<Hooks[Name]>>
  ): Promise<void> {
    for (const hooks of [this.#options.hooks ?? []].flat()) {
      // The compiler cannot see that the parameters belong to the name.
      const callable = hooks as Record<string, (...params: unknown[]) => unknown>;
      await callUserCode(deadline, `The hook ${name}`, () => callable[name]?.(...params));
    }
  }
}

const optionName = /^(rootKey|serverURL|timeoutMs|retry|headers|fetch(Options)?|hooks|maxResponseBytes)$/;

const operationPath = /^\w[\w.-]*(\/\w[\w.-]*)*$/;

/** The hosted service ignores `Idempotency-Key`. */
const isHosted = /\/\/api\.unkey\.com/i;

function requestContext({ progress, url, headers, body }: CallState): RequestContext {
  const { operation, attempts: attempt } = progress;
  const method = body === undefined ? 'GET' : 'POST';
  const request = { operation, method, attempt, url, headers: { ...headers } };
  // Not enumerable: printing the request does not show it.
  return Object.defineProperty(request as RequestContext, 'body', { value: body, writable: true });
}

function closedError(): AbortError {
  return new AbortError('The client is closed.');
}

/** Later headers override earlier ones; null removes a header. */
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
    throw wrapError('The request cannot be written as JSON', cause, ConfigurationError);
  }
}

// JSON writes NaN as null, which the service reads as "never" and "unlimited".
function refuseNotANumber(name: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new ConfigurationError(`Invalid ${name} ${value}: expected a finite number.`);
}

function parseBody(body: string, secrets: readonly string[]): Partial<ResponseBody<unknown>> | undefined {
  try {
    const data: unknown = JSON.parse(
      body,
      secrets[0] ? (_, value) => (typeof value === 'string' ? redact(value, secrets) : value) : undefined,
    );
    return isObject(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a body is one of the service. */
function isValid(
  data: Partial<ResponseBody<unknown>> | undefined,
  { progress: { operation }, isPath }: CallState,
): data is ResponseBody<unknown> {
  if (!isObject(data?.meta)) return false;
  if (cached.includes(operation)) return isObject(data.data);
  return isPath || data.data !== undefined || withoutData.includes(operation);
}

/** As they are, and as they are written in JSON. */
function secretsOf(authorization: string, body: object | null): string[] {
  const { key } = (body ?? {}) as { key?: unknown };
  return [authorization.replace(/^\S+ /, ''), String(key ?? '')].flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
  ]);
}

/** Calls a function of the user, within the deadline. */
async function callUserCode<Result>(
  deadline: Deadline,
  name: string,
  code: () => Result | PromiseLike<Result>,
): Promise<Result> {
  try {
    return await deadline.race(code());
  } catch (cause) {
    throw wrapError(`${name} failed`, cause);
  }
}

/** Any thrown value as an `UnkeyError`. */
function wrapError(prefix: string, cause: unknown, Class = UnkeyError): UnkeyError {
  return isUnkeyError(cause) ? cause : new Class(`${prefix}: ${messageOf(cause)}`, { cause });
}

/** The message of the innermost cause: `fetch failed` alone says too little. */
function messageOf(thrown: unknown): string {
  const { message, code, cause } = (thrown ?? {}) as { message?: unknown; code?: unknown; cause?: unknown };
  return cause ? messageOf(cause) : String(message || code || thrown);
}
