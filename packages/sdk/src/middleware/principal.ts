import type { UnkeyError } from '../errors.ts';
import type { ValidKey, VerifyKeyData } from '../generated/api.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';

/** What to do with requests while keys cannot be verified. */
export type OnOutage = 'deny' | 'allow';

/** The verified key of a request, as the service returned it. */
export interface VerifiedKey extends ValidKey {
  /** Id of the verification in the service's log. */
  requestId: string;
  /** `RateLimit-*` headers of the tightest limit, for your response; empty if no limit was checked. */
  responseHeaders: Readonly<Record<string, string>>;
  isUnverified: false;
  cause?: undefined;
}

type Unknown = { [Name in keyof VerifyKeyData]?: undefined };

/** A caller whose key could not be verified: only with `onOutage: 'allow'`. */
export interface UnverifiedCaller extends Unknown {
  isUnverified: true;
  /** Why the key could not be verified. */
  cause: UnkeyError;
  requestId?: undefined;
  responseHeaders: Readonly<Record<string, string>>;
}

/** The caller of a request: `isUnverified` says which kind. */
export type Principal = VerifiedKey | UnverifiedCaller;

/** The callers that are possible: unverified ones only with `onOutage: 'allow'`. */
export type PrincipalOf<Outage extends OnOutage> = 'allow' extends Outage ? Principal : VerifiedKey;

/** Null unless the response says clearly that the key is valid. */
export function verifiedKey(data: VerifyKeyData, requestId: string, now: number): VerifiedKey | null {
  // Compared with its very value: what decides about access is not only believed from the types.
  if (data.valid !== true || typeof data.keyId !== 'string') return null;
  return {
    ...data,
    requestId,
    responseHeaders: rateLimitHeaders(data, now),
    isUnverified: false,
  };
}

export function unverifiedCaller(cause: UnkeyError): UnverifiedCaller {
  return { isUnverified: true, cause, responseHeaders: {} };
}
