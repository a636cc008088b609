import type { Unkey } from '../client.ts';
import type { UnkeyCore } from '../core.ts';
import { AbortError, isUnkeyError, ResponseValidationError, UnkeyError } from '../errors.ts';
import type { VerifyKeyData, VerifyKeyRequest } from '../generated/api.ts';
import type { CallOptions } from '../options.ts';
import { isOutage } from '../outage.ts';
import { bodyOf, type ClientLike } from '../own-client.ts';
import { type AbortSignalLike, platform } from '../platform.ts';
import type { ResponseBody } from '../response-body.ts';
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
 * response. Throws `ConfigurationError` at once if an option is invalid.
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
    const own = decided.cause === undefined ? undefined : await report(decided.cause, request);
    return { kind: 'refused', response: await respond(decided, request, own) };
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
    const client = await resolveClient(request);
    let verified: Awaited<ReturnType<typeof verifyKey>>;
    try {
      verified = await verifyKey(client, { ...verifyOptions, key }, { timeoutMs, signal });
    } catch (error) {
      return failed(error, signal);
    }
    const { data, meta, response } = verified;
    const now = Date.parse(response?.headers.get('date') ?? '') || Date.now();
    return verifiedKey(data, meta.requestId, now) ?? refusedKey(data, meta.requestId, now);
  }

  function failed(cause: unknown, signal: DecideInput<Request>['signal']) {
    if (signal?.aborted) return refusal('ABORTED', { cause });
    if (!isUnkeyError(cause)) return refusal('INTERNAL_ERROR', { cause });
    const { requestId } = cause;
    const known = requestId === undefined ? {} : { requestId };
    // The code of a key that a migration cannot parse. It cannot be the root key's: the client writes that header.
    if (cause.status === 400 && cause.code === 'malformed') return refusal('MALFORMED_KEY', known);
    if (!cause.retryable) return refusal('INTERNAL_ERROR', { cause, ...known });
    if (isOutage(cause) && onOutage === 'allow') return unverifiedCaller(cause);
    const pauseMs = cause.retryAfterMs ?? outagePauseMs;
    const seconds = String(Math.max(1, Math.ceil(pauseMs / 1000)));
    return refusal('UNAVAILABLE', { cause, ...known, headers: { 'Retry-After': seconds } });
  }

  /** `own`: what `onError` returned. `onRefused` has the last word. */
  async function respond(
    refused: Refusal,
    request: Request,
    own: OwnResponse<Response>,
  ): Promise<SerializedResponse | Response> {
    try {
      const last = (await onRefused?.(refused, request)) as OwnResponse<Response>;
      for (const response of [last, own]) if (isResponse(response)) return response;
      return serializeRefusal(refused, { ...(own as object), ...(last as object) });
    } catch (cause) {
      await report(cause, request);
      return serializeRefusal(refused);
    }
  }

  async function report(cause: unknown, request: Request): Promise<OwnResponse<Response>> {
    try {
      return (await onError(cause, request)) as OwnResponse<Response>;
    } catch (failure) {
      // It does not change the decision, and both errors are worth a line.
      writeLine(cause);
      writeLine(failure);
      return undefined;
    }
  }
}

type OwnResponse<Response> = Partial<RefusalResponse> | Response | undefined;

/** Through the method, which a test may have replaced, or through `request`. */
function verifyKey(client: ClientLike, body: VerifyKeyRequest, options: CallOptions) {
  const { keys } = client as Partial<Unkey>;
  const call = keys?.verifyKey
    ? keys.verifyKey(body, options)
    : (client as UnkeyCore).request('keys.verifyKey', body, options);
  return bodyOf<ResponseBody<VerifyKeyData>>(call);
}

function refusedKey(verification: VerifyKeyData, requestId: string, now: number): Refusal {
  const { valid, code } = verification;
  if (valid !== false || typeof code !== 'string') {
    const cause = new ResponseValidationError('The response does not say whether the key is valid.');
    return refusal('INTERNAL_ERROR', { cause, requestId });
  }
  return refusal(code, { verification, requestId, headers: rateLimitHeaders(verification, now) });
}

/** The headers of a `Response` have `get`. */
function isResponse<Response>(own: OwnResponse<Response>): own is Response {
  return typeof (own as { headers?: { get?: unknown } } | undefined)?.headers?.get === 'function';
}

function writeLine(error: unknown): void {
  // A caller who has disconnected is not worth a line.
  if (error instanceof AbortError) return;
  const { name, message } = error instanceof Error ? error : new UnkeyError(String(error));
  platform.console.error(`unkey-ts: the key could not be verified. ${name}: ${message}`);
}
