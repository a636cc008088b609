import { AbortError, isUnkeyError, ResponseValidationError, UnkeyError } from '../errors.ts';
import type { VerifyKeyData } from '../generated/api.ts';
import { type AbortSignalLike, platform } from '../platform.ts';
import { retryAfterMs } from '../rate-limit.ts';
import { askedOf, checkProtectOptions, clientFinder, type ProtectOptions } from './options.ts';
import { type OnOutage, type PrincipalOf, unverifiedCaller, verifiedKey } from './principal.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';
import { bearerOf, keyOf } from './read-key.ts';
import { type Refusal, type RefusalAnswer, refusal, type WrittenAnswer, writeAnswer } from './refusal.ts';

/** What is known of a request before it is let in. */
export interface Facts<Request> {
  /** What functions among the options are given. */
  readonly request: Request;
  /** The Authorization header. */
  readonly authorization: string | null | undefined;
  /** Ends the verification when the caller has gone. */
  readonly signal?: AbortSignalLike | null | undefined;
}

export type Decision<Caller, Response = never> =
  | { readonly kind: 'allowed'; readonly principal: Caller }
  | { readonly kind: 'refused'; readonly answer: WrittenAnswer | Response };

export type Decide<Request, Outage extends OnOutage, Response = never> = (
  facts: Facts<Request>,
) => Promise<Decision<PrincipalOf<Outage>, Response>>;

/** Milliseconds until a caller shall try again, when the service does not say. */
const outagePauseMs = 5000;

/**
 * The one decision behind every door. It never rejects: whatever happens, the request is let in with a principal, or
 * refused with an answer. Throws `ConfigurationError` at once when an option is wrong or there is no root key.
 */
export function createDecide<Request, Outage extends OnOutage, Response = never>(
  options: ProtectOptions<Request, Outage, Response>,
): Decide<Request, Outage, Response> {
  checkProtectOptions(options);
  const { getKey, timeoutMs, onOutage, onRefused, onError = writeLine } = options;
  const clientFor = clientFinder(options);

  return async (facts) => {
    const { request } = facts;
    const outcome = await check(facts);
    if ('isUnverified' in outcome) {
      if (outcome.isUnverified) await observe(outcome.cause, request);
      // An outage that lets requests pass is the only way to a caller who is not verified.
      return { kind: 'allowed', principal: outcome as PrincipalOf<Outage> };
    }
    if (outcome.cause !== undefined) await observe(outcome.cause, request);
    return { kind: 'refused', answer: await answerOf(outcome, request) };
  };

  async function check(facts: Facts<Request>) {
    try {
      return await verify(facts);
    } catch (cause) {
      return refusal('INTERNAL_ERROR', { cause });
    }
  }

  async function verify({ request, authorization, signal }: Facts<Request>) {
    const { key, reason } = getKey ? keyOf(await getKey(request)) : bearerOf(authorization);
    if (key === undefined) return refusal(reason);
    const asked = await askedOf(options, request);
    const unkey = await clientFor(request);
    const call = unkey.request('keys.verifyKey', { ...asked, key }, { timeoutMs, signal });
    const [answer, error] = await call.withResponse().then(
      (found) => [found, undefined] as const,
      (failure: unknown) => [undefined, failure] as const,
    );
    if (answer === undefined) return failed(error, signal);
    const { data, meta, response } = answer;
    const now = Date.parse(response.headers.get('date') ?? '') || Date.now();
    return verifiedKey(data, meta.requestId, now) ?? refusedKey(data, now);
  }

  function failed(cause: unknown, signal: Facts<Request>['signal']) {
    if (signal?.aborted) return refusal('ABORTED', { cause });
    if (!isUnkeyError(cause)) return refusal('INTERNAL_ERROR', { cause });
    // Said of keys that a migration cannot read. Of a root key it cannot be: the client writes its header.
    if (cause.status === 400 && cause.code === 'malformed') return refusal('MALFORMED_KEY');
    if (!cause.retryable) return refusal('INTERNAL_ERROR', { cause });
    if (onOutage === 'allow') return unverifiedCaller(cause);
    const pauseMs = (cause.headers && retryAfterMs(cause.headers, Date.now())) ?? outagePauseMs;
    const seconds = String(Math.max(1, Math.ceil(pauseMs / 1000)));
    return refusal('UNAVAILABLE', { cause, headers: { 'Retry-After': seconds } });
  }

  async function answerOf(refused: Refusal, request: Request): Promise<WrittenAnswer | Response> {
    try {
      const own = (await onRefused?.(refused, request)) as Partial<RefusalAnswer> | Response | undefined;
      return isResponse(own) ? own : writeAnswer(refused, own);
    } catch (cause) {
      await observe(cause, request);
      return writeAnswer(refused);
    }
  }

  async function observe(cause: unknown, request: Request): Promise<void> {
    try {
      await onError(cause, request);
    } catch {
      // Whoever watches a door does not open or close it.
    }
  }
}

function refusedKey(verification: VerifyKeyData, now: number): Refusal {
  const { valid, code } = verification;
  if (valid !== false || typeof code !== 'string') {
    const cause = new ResponseValidationError('The answer does not say whether the key is valid.');
    return refusal('INTERNAL_ERROR', { cause });
  }
  return refusal(code, { verification, headers: rateLimitHeaders(verification, now) });
}

/** Responses hold their headers in an object with `get`. */
function isResponse<Response>(own: Partial<RefusalAnswer> | Response | undefined): own is Response {
  return typeof (own as { headers?: { get?: unknown } } | undefined)?.headers?.get === 'function';
}

function writeLine(error: unknown): void {
  // A caller who has gone is no event.
  if (error instanceof AbortError) return;
  const { name, message } = error instanceof Error ? error : new UnkeyError(String(error));
  platform.console.error(`unkey-ts: a key could not be checked. ${name}: ${message}`);
}
