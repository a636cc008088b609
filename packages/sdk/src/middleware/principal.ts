import type { UnkeyError } from '../errors.ts';
import type { VerifyKeyData } from '../generated/api.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';

/** What to do with requests while the service cannot say whether their keys are valid. */
export type OnOutage = 'deny' | 'allow';

/** The key that a request came with, as the service described it. */
export interface VerifiedKey extends VerifyKeyData {
  valid: true;
  keyId: string;
  /** Names the verification in the service's log. */
  requestId: string;
  /** `RateLimit-*` of the tightest limit, for your answer; empty when no limit was looked at. */
  answerHeaders: Readonly<Record<string, string>>;
  isUnverified: false;
  cause?: undefined;
}

type Unknown = { [Name in keyof VerifyKeyData]?: undefined };

/** Somebody with a key that nobody could check: only with `onOutage: 'allow'`. */
export interface UnverifiedCaller extends Unknown {
  isUnverified: true;
  /** Why the key could not be checked. */
  cause: UnkeyError;
  requestId?: undefined;
  answerHeaders: Readonly<Record<string, string>>;
}

/** Who is asking: `isUnverified` tells which. */
export type Principal = VerifiedKey | UnverifiedCaller;

/** Who can be asking: an unverified caller only where outages let requests pass. */
export type PrincipalOf<Outage extends OnOutage> = 'allow' extends Outage ? Principal : VerifiedKey;

/** Null when the answer does not say clearly that the key is valid. */
export function verifiedKey(data: VerifyKeyData, requestId: string, now: number): VerifiedKey | null {
  const { valid, keyId } = data;
  if (valid !== true || typeof keyId !== 'string') return null;
  return {
    ...data,
    valid,
    keyId,
    requestId,
    answerHeaders: rateLimitHeaders(data, now),
    isUnverified: false,
  };
}

export function unverifiedCaller(cause: UnkeyError): UnverifiedCaller {
  return { isUnverified: true, cause, answerHeaders: {} };
}
