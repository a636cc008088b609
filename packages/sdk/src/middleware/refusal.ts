import type { VerificationCode, VerifyKeyData } from '../generated/api.ts';

/** Why a request is refused: the code of the verification, or the reason why there was none. */
export type RefusalReason =
  | 'MISSING_KEY'
  | 'MALFORMED_KEY'
  | 'ABORTED'
  | 'INTERNAL_ERROR'
  | 'UNAVAILABLE'
  | VerificationCode;

/** A response to a refused request. */
export interface RefusalResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Strings are sent as text, null as no body, anything else as JSON. */
  readonly body: unknown;
}

/** A refused request and its response. */
export interface Refusal extends RefusalResponse {
  readonly reason: RefusalReason;
  /** Id of the verification in the service's log, if the service responded. It is in the default body, too. */
  readonly requestId?: string;
  /** The verification, if the service responded. */
  readonly verification?: VerifyKeyData;
  /** The original error, if there was one. Do not show it to the caller. */
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
  ['MISSING_KEY', { status: 401, challenge: 'Bearer', message: 'The request has no API key.' }],
  ['MALFORMED_KEY', { status: 401, challenge: invalid, message: 'The API key is malformed.' }],
  ['NOT_FOUND', { status: 401, challenge: invalid, message: 'The API key is unknown.' }],
  ['DISABLED', { status: 401, challenge: invalid, message: 'The API key is disabled.' }],
  ['EXPIRED', { status: 401, challenge: invalid, message: 'The API key has expired.' }],
  [
    'INSUFFICIENT_PERMISSIONS',
    {
      status: 403,
      challenge: 'Bearer error="insufficient_scope"',
      message: 'The API key lacks a required permission.',
    },
  ],
  ['FORBIDDEN', { status: 403, message: 'The API key may not be used from this address.' }],
  ['RATE_LIMITED', { status: 429, message: 'The API key has reached a rate limit: try again later.' }],
  ['USAGE_EXCEEDED', { status: 429, message: 'The API key has too few credits left.' }],
  ['ABORTED', { status: 499, message: 'The request was aborted before its API key was verified.' }],
  ['INTERNAL_ERROR', { status: 500, message: 'The API key could not be verified.' }],
  ['UNAVAILABLE', { status: 503, message: 'API keys cannot be verified at the moment: try again later.' }],
]);

/** For codes that this version does not know. */
const unknownCode: Row = { status: 403, message: 'The API key was refused.' };

export function refusal(
  reason: RefusalReason,
  { headers, ...known }: Partial<Pick<Refusal, 'headers' | 'verification' | 'cause' | 'requestId'>> = {},
): Refusal {
  const { status, message, challenge } = rows.get(reason) ?? unknownCode;
  return {
    reason,
    status,
    headers: { ...(challenge && { 'WWW-Authenticate': challenge }), ...headers },
    body: { error: { code: reason, message, ...(known.requestId && { requestId: known.requestId }) } },
    ...known,
  };
}

/** A response that is ready to send; header names are in lower case. */
export interface SerializedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Merges the result of `onRefused` over the default response, member by member and header by header. */
export function serializeRefusal(
  refused: RefusalResponse,
  own: Partial<RefusalResponse> = {},
): SerializedResponse {
  const { status, body } = { ...refused, ...own };
  const mediaType = typeof body === 'string' ? 'text/plain' : 'application/json';
  const headers: Record<string, string> =
    body === null ? {} : { 'content-type': `${mediaType}; charset=utf-8` };
  for (const [name, value] of [refused.headers, own.headers ?? {}].flatMap(Object.entries<string>)) {
    headers[name.toLowerCase()] = value;
  }
  return { status, headers, body: typeof body === 'string' || body === null ? body : JSON.stringify(body) };
}
