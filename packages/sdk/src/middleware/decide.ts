import { AbortError, isUnkeyError, ResponseValidationError, UnkeyError } from '../errors.ts';
import type { VerifyKeyData } from '../generated/api.ts';
import { type AbortSignalLike, platform } from '../platform.ts';
import { retryAfterMs } from '../rate-limit.ts';
import { checkProtectOptions, clientResolver, type ProtectOptions, resolveVerifyOptions } from './options.ts';
import { type OnOutage, type PrincipalOf, unverifiedCaller, verifiedKey } from './principal.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';
import { bearerOf, keyOf } from './read-key.ts';
import {
  type Refusal,
  type RefusalResponse,
  refusal,
  type SerializedResponse,
  serializeRefusal,
} from './refusal.ts';

/** A request to decide on. */
export interface DecideInput<Request> {
  /** The argument of functions among the options. */
  readonly request: Request;
  /** The Authorization header. */
  readonly authorization: string | null | undefined;
  /** Aborts the verification when the caller has disconnected. */
  readonly signal?: AbortSignalLike | null | undefined;
}

export type Decision<Caller, Response = never> =
  | { readonly kind: 'allowed'; readonly principal: Caller }
  | { readonly kind: 'refused'; readonly response: SerializedResponse | Response };

export type Decide<Request, Outage extends OnOutage, Response = never> = (
  input: DecideInput<Request>,
) => Promise<Decision<PrincipalOf<Outage>, Response>>;

/** `Retry-After` of an outage in milliseconds, if the service sends none. */
const outagePauseMs = 5000;

/**
 * The decision that all middleware shares. It never rejects: a request is allowed with a principal or refused with a
 * response. Throws `ConfigurationError` at once if an option is invalid or the root key is missing.
 */
export function createDecide<Request, Outage extends OnOutage, Response = never>(
  options: ProtectOptions<Request, Outage, Response>,
): Decide<Request, Outage, Response> {
  checkProtectOptions(options);
  const { getKey, timeoutMs, onOutage, onRefused, onError = writeLine } = options;
  const resolveClient = clientResolver(options);

  return async (input) => {
    const { request } = input;
    const decided = await check(input);
    if ('isUnverified' in decided) {
      if (decided.isUnverified) await report(decided.cause, request);
      // Unverified callers exist only with onOutage: 'allow'.
      return { kind: 'allowed', principal: decided as PrincipalOf<Outage> };
    }
    if (decided.cause !== undefined) await report(decided.cause, request);
    return { kind: 'refused', response: await respond(decided, request) };
  };

  async function check(input: DecideInput<Request>) {
    try {
      return await verify(input);
    } catch (cause) {
      return refusal('INTERNAL_ERROR', { cause });
    }
  }

  async function verify({ request, authorization, signal }: DecideInput<Request>) {
    const { key, reason } = getKey ? keyOf(await getKey(request)) : bearerOf(authorization);
    if (key === undefined) return refusal(reason);
    const verifyOptions = await resolveVerifyOptions(options, request);
    const unkey = await resolveClient(request);
    const call = unkey.request('keys.verifyKey', { ...verifyOptions, key }, { timeoutMs, signal });
    const [verified, error] = await call.withResponse().then(
      (body) => [body, undefined] as const,
      (failure: unknown) => [undefined, failure] as const,
    );
    if (verified === undefined) return failed(error, signal);
    const { data, meta, response } = verified;
    const now = Date.parse(response.headers.get('date') ?? '') || Date.now();
    return verifiedKey(data, meta.requestId, now) ?? refusedKey(data, now);
  }

  function failed(cause: unknown, signal: DecideInput<Request>['signal']) {
    if (signal?.aborted) return refusal('ABORTED', { cause });
    if (!isUnkeyError(cause)) return refusal('INTERNAL_ERROR', { cause });
    // The code of a key that a migration cannot parse. It cannot be the root key's: the client writes that header.
    if (cause.status === 400 && cause.code === 'malformed') return refusal('MALFORMED_KEY');
    if (!cause.retryable) return refusal('INTERNAL_ERROR', { cause });
    if (onOutage === 'allow') return unverifiedCaller(cause);
    const pauseMs = (cause.headers && retryAfterMs(cause.headers, Date.now())) ?? outagePauseMs;
    const seconds = String(Math.max(1, Math.ceil(pauseMs / 1000)));
    return refusal('UNAVAILABLE', { cause, headers: { 'Retry-After': seconds } });
  }

  async function respond(refused: Refusal, request: Request): Promise<SerializedResponse | Response> {
    try {
      const own = (await onRefused?.(refused, request)) as Partial<RefusalResponse> | Response | undefined;
      return isResponse(own) ? own : serializeRefusal(refused, own);
    } catch (cause) {
      await report(cause, request);
      return serializeRefusal(refused);
    }
  }

  async function report(cause: unknown, request: Request): Promise<void> {
    try {
      await onError(cause, request);
    } catch {
      // A failing observer does not change the decision.
    }
  }
}

function refusedKey(verification: VerifyKeyData, now: number): Refusal {
  const { valid, code } = verification;
  if (valid !== false || typeof code !== 'string') {
    const cause = new ResponseValidationError('The response does not say whether the key is valid.');
    return refusal('INTERNAL_ERROR', { cause });
  }
  return refusal(code, { verification, headers: rateLimitHeaders(verification, now) });
}

/** The headers of a `Response` have `get`. */
function isResponse<Response>(own: Partial<RefusalResponse> | Response | undefined): own is Response {
  return typeof (own as { headers?: { get?: unknown } } | undefined)?.headers?.get === 'function';
}

function writeLine(error: unknown): void {
  // A caller who has disconnected is not worth a line.
  if (error instanceof AbortError) return;
  const { name, message } = error instanceof Error ? error : new UnkeyError(String(error));
  platform.console.error(`unkey-ts: the key could not be verified. ${name}: ${message}`);
}
