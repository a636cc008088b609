import type { VerificationCode, VerifyKeyData } from '../generated/api.ts';

/** Why a request is refused: the service's verdict on its key, or what kept it from being asked. */
export type RefusalReason =
  | 'MISSING_KEY'
  | 'MALFORMED_KEY'
  | 'ABORTED'
  | 'INTERNAL_ERROR'
  | 'UNAVAILABLE'
  | VerificationCode;

/** An answer to a request, for whatever sends it. */
export interface RefusalAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A string is sent as it is, null as nothing, anything else as JSON. */
  readonly body: unknown;
}

/** A request that is not let in, and the answer that it gets. */
export interface Refusal extends RefusalAnswer {
  readonly reason: RefusalReason;
  /** What the service said of the key, if it was asked and answered. */
  readonly verification?: VerifyKeyData;
  /** What went wrong, if something did: the original error. It is not for the caller's eyes. */
  readonly cause?: unknown;
}

interface Row {
  readonly status: number;
  readonly message: string;
  /** The value of `WWW-Authenticate`. */
  readonly challenge?: string;
}

const invalid = 'Bearer error="invalid_token"';

const rows: ReadonlyMap<RefusalReason, Row> = new Map([
  ['MISSING_KEY', { status: 401, challenge: 'Bearer', message: 'There is no key in the request.' }],
  ['MALFORMED_KEY', { status: 401, challenge: invalid, message: 'What came as the key is none.' }],
  ['NOT_FOUND', { status: 401, challenge: invalid, message: 'The key is not known.' }],
  ['DISABLED', { status: 401, challenge: invalid, message: 'The key is disabled.' }],
  ['EXPIRED', { status: 401, challenge: invalid, message: 'The key has expired.' }],
  [
    'INSUFFICIENT_PERMISSIONS',
    {
      status: 403,
      challenge: 'Bearer error="insufficient_scope"',
      message: 'The key lacks a permission that this takes.',
    },
  ],
  ['FORBIDDEN', { status: 403, message: 'The key may not be used from here.' }],
  ['RATE_LIMITED', { status: 429, message: 'The key has reached a limit: try again later.' }],
  ['USAGE_EXCEEDED', { status: 429, message: 'The key has too few credits left.' }],
  ['ABORTED', { status: 499, message: 'The request was given up before its key was checked.' }],
  ['INTERNAL_ERROR', { status: 500, message: 'The key could not be checked.' }],
  ['UNAVAILABLE', { status: 503, message: 'The key cannot be checked at the moment: try again later.' }],
]);

/** A verdict that this version does not know. */
const newer: Row = { status: 403, message: 'The key may not be used for this.' };

export function refusal(
  reason: RefusalReason,
  { headers, ...known }: Partial<Pick<Refusal, 'headers' | 'verification' | 'cause'>> = {},
): Refusal {
  const { status, message, challenge } = rows.get(reason) ?? newer;
  return {
    reason,
    status,
    headers: { ...(challenge && { 'WWW-Authenticate': challenge }), ...headers },
    body: { error: { code: reason, message } },
    ...known,
  };
}

/** An answer that can be sent as it is; the names of its headers are in lower case. */
export interface WrittenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** The answer of a refusal, and over it what a user made of it, member by member and header by header. */
export function writeAnswer(refused: RefusalAnswer, own: Partial<RefusalAnswer> = {}): WrittenAnswer {
  const { status, body } = { ...refused, ...own };
  const mediaType = typeof body === 'string' ? 'text/plain' : 'application/json';
  const headers: Record<string, string> =
    body === null ? {} : { 'content-type': `${mediaType}; charset=utf-8` };
  for (const [name, value] of [refused.headers, own.headers ?? {}].flatMap(Object.entries<string>)) {
    headers[name.toLowerCase()] = value;
  }
  return { status, headers, body: typeof body === 'string' || body === null ? body : JSON.stringify(body) };
}
