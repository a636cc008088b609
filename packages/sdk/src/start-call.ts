import type { ApiResponse } from './call.ts';
import { callUserCode } from './call-user-code.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import type { Outcome } from './debug.ts';
import {
  ConfigurationError,
  ConnectionError,
  type ErrorClassFor,
  isObject,
  isUnkeyError,
  messageOf,
  redact,
  responseError,
  type UnkeyError,
  wrapError,
} from './errors.ts';
import { version } from './generated/version.ts';
import type { Hooks, RequestContext, ResponseContext } from './hooks.ts';
import { mergeOptions } from './merge-options.ts';
import type { OperationKind } from './operation-kind.ts';
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
import { pauseBeforeRetry } from './retry.ts';

/** Parts of larger clients: a bundle without them leaves them out. */
export interface ClientParts {
  readonly classFor?: ErrorClassFor;
  checkOptions?(options: CallOptions): unknown;
  /** Generates a key for operations whose first response the service stores. */
  idempotencyKey?(kind: OperationKind): string | undefined;
  /** Called after the hooks of the user. */
  readonly debug?: ((request: RequestContext, outcome: Outcome) => void) | undefined;
}

/** What the calls of a client share. */
export interface ClientState extends ClientParts {
  readonly options: CoreOptions;
  readonly hooks: Set<Hooks>;
  readonly rootKey: CoreOptions['rootKey'];
  readonly serverURL: string;
}

/**
 * Throws `ConfigurationError` if the root key or the URL is invalid. A missing root key is an error of the first call, so
 * that builds work without secrets.
 */
export function clientState(options: CoreOptions, parts: ClientParts = {}): ClientState {
  if (platform.document && !options.dangerouslyAllowBrowser) {
    throw new ConfigurationError('A root key must not be in a browser: see dangerouslyAllowBrowser.');
  }
  const rootKey = options.rootKey || environment('UNKEY_ROOT_KEY');
  if (rootKey && typeof rootKey !== 'function') parseRootKey(rootKey);
  const serverURL = parseServerURL(options.serverURL || environment('UNKEY_SERVER_URL') || hostedURL);
  const hooks = new Set([options.hooks ?? []].flat());
  return { ...parts, options, hooks, rootKey, serverURL };
}

/** What is called, and how. */
interface CallParams {
  /** Id or path below `/v2`. */
  readonly operation: string;
  readonly kind: OperationKind;
  /** Null sends a GET. */
  readonly body?: object | null | undefined;
  readonly options?: IdempotentCallOptions | undefined;
}

/** Starts a call: prepares the request, and makes attempts until one succeeds or none is left. */
export function startCall(
  client: ClientState,
  { operation, kind, body = {}, options: own = {} }: CallParams,
): { readonly deadline: Deadline; readonly response: Promise<ApiResponse<object>> } {
  const options = mergeOptions(client.options, own);
  const { timeoutMs = kind === '!' ? 3000 : 10_000 } = options;
  const deadline = startDeadline(timeoutMs, options.signal);
  const { signal } = deadline;
  // Every error has both.
  const progress = { operation, attempts: 0 };
  const method = body === null ? 'GET' : 'POST';
  // Set by `send`, before the first attempt.
  let url: string;
  let authorization: string;
  let headers: Record<string, string>;
  let text: string | undefined;
  let secrets: readonly string[];
  const response = send()
    .catch((error) => {
      throw Object.assign(wrapError('The call failed', error), progress);
    })
    .finally(deadline.clear);
  return { deadline, response };

  async function send(): Promise<ApiResponse<object>> {
    // Dot segments, encoded ones too, would leave /v2 with the root key.
    if (!operationPath.test(operation)) throw new ConfigurationError(`Invalid operation '${operation}'.`);
    client.checkOptions?.(own);
    // Before the first await: the caller may change the object afterwards.
    text = writeBody(body);
    const serverURL = own.serverURL ? parseServerURL(own.serverURL) : client.serverURL;
    url = `${serverURL}/v2/${operation}`;
    const rootKey = client.rootKey || environment('UNKEY_ROOT_KEY');
    authorization = parseRootKey(
      typeof rootKey === 'function' ? await callUserCode(deadline, 'The function rootKey', rootKey) : rootKey,
    );
    headers = mergeHeaders(
      {
        accept: 'application/json',
        'content-type': 'application/json',
        // Browsers send their own user agent.
        'user-agent': platform.process && `unkey-ts/${version}`,
        'idempotency-key': options.idempotencyKey ?? client.idempotencyKey?.(kind),
      },
      options.headers,
    );
    secrets = secretsOf(headers.authorization ?? authorization, body);
    const isDeduplicated = 'idempotency-key' in headers && !isHosted.test(serverURL);
    return repeat(isDeduplicated || body === null || !/[+!?]/.test(kind));
  }

  /** `isRepeatable`: whether a repeated request changes nothing more. */
  async function repeat(isRepeatable: boolean): Promise<ApiResponse<object>> {
    const { retry = {} } = options;
    const policy = retry || { maxAttempts: 1 };
    const endsAt = Math.min(deadline.endsAt, now() + (policy.maxElapsedMs ?? Infinity));
    for (;;) {
      const attempt = ++progress.attempts;
      const request = hideBody<RequestContext>(
        { operation, method, attempt, url, headers: { ...headers }, startedAt: now() },
        text,
      );
      try {
        return await attemptOnce(request);
      } catch (thrown) {
        const error = Object.assign(thrown as UnkeyError, progress);
        await callHooks('onError', error, request);
        if (!error.status) client.debug?.(request, { error: error.name });
        const delayMs = pauseBeforeRetry(error, policy, isRepeatable, endsAt - now());
        if (delayMs === undefined) throw error;
        await callHooks('onRetry', { request, error, delayMs });
        await deadline.sleep(delayMs);
      }
    }
  }

  async function attemptOnce(request: RequestContext): Promise<ApiResponse<object>> {
    await callHooks('beforeRequest', request);
    const [response, text] = await exchange(request);
    const { status, headers } = response;
    const durationMs = now() - request.startedAt;
    await callHooks(
      'afterResponse',
      hideBody<ResponseContext>({ request, status, headers, durationMs }, text),
    );
    client.debug?.(request, { status, requestId: headers.get('x-request-id') ?? undefined });
    const isOk = status >= 200 && status <= 299;
    const data = parseBody(text, isOk ? [] : secrets);
    if (!isOk || !isValid(data, kind)) {
      throw responseError({ response, body: redact(text, secrets), data }, isOk, client.classFor);
    }
    const { attempts } = progress;
    return { value: data, response, info: { status, headers, rateLimit: rateLimitOf(headers), attempts } };
  }

  /** Reads a complete response. Without one, or with a part of one, it rejects with `ConnectionError`. */
  async function exchange({
    url,
    method,
    headers,
    body,
  }: RequestContext): Promise<[ResponseLike, body: string]> {
    // Called without a receiver: some runtimes reject their own fetch as a method of another object.
    const { fetch = platform.fetch } = options;
    const init: FetchInit = {
      // Next.js 13 and 14 cache responses, those to a POST too. Some workers throw at the member.
      ...('cache' in (platform.Request?.prototype ?? {}) && { cache: 'no-store' }),
      ...options.fetchOptions,
      method,
      headers: { authorization, ...headers },
      // Every fetch accepts undefined here; its type under exactOptionalPropertyTypes does not.
      body: body as string,
      // A redirected POST loses its body, and the root key must not reach another host.
      redirect: 'manual',
      signal,
    };
    try {
      if (signal.aborted) throw signal.reason;
      const response = await deadline.race(fetch(url, init));
      return [response, await readText(response, deadline, options.maxResponseBytes)];
    } catch (cause) {
      if (isUnkeyError(cause)) throw cause;
      const message = redact(`No response: ${messageOf(cause)}`, secrets);
      // Of `fetch`, for the ports of other protocols.
      throw new ConnectionError(message, { cause, retryable: !/bad port/.test(message) });
    }
  }

  async function callHooks<Name extends keyof Hooks>(
    name: Name,
    ...params: Parameters<NonNullable<Hooks[Name]>>
  ): Promise<void> {
    for (const hooks of client.hooks) {
      // The compiler cannot see that the parameters belong to the name.
      const callable = hooks as Record<string, (...params: unknown[]) => unknown>;
      await callUserCode(deadline, `The hook ${name}`, () => callable[name]?.(...params));
    }
  }
}

const operationPath = /^\w[\w.-]*(\/\w[\w.-]*)*$/;

/** The hosted service ignores `Idempotency-Key`. */
const isHosted = /\/\/api\.unkey\.com/i;

/** Adds a member that is not enumerable: printing the context does not show it. */
function hideBody<Context extends { body: unknown }>(
  context: Omit<Context, 'body'>,
  value: Context['body'],
): Context {
  return Object.defineProperty(context as Context, 'body', { value, writable: true });
}

/** Later headers override earlier ones, whatever their case; null removes a header. */
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

function parseBody(body: string, secrets: readonly string[]): unknown {
  try {
    return JSON.parse(
      body,
      secrets[0] ? (_, value) => (typeof value === 'string' ? redact(value, secrets) : value) : undefined,
    );
  } catch {
    return undefined;
  }
}

/** Whether a body is one of the service. */
function isValid(body: unknown, kind: OperationKind): body is ResponseBody<unknown> {
  const { meta, data } = (body ?? {}) as Partial<ResponseBody<unknown>>;
  return isObject(meta) && (kind === '!' ? isObject(data) : data !== undefined || /[-?]/.test(kind));
}

/** As they are, and as they are written in JSON. */
function secretsOf(authorization: string, body: object | null): string[] {
  const { key } = (body ?? {}) as { key?: unknown };
  return [authorization.replace(/^\S+ /, ''), String(key ?? '')].flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
  ]);
}
