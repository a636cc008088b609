import { errors, errorType, statusesWithIssues } from '@unkey-ts/contract';
import type { Refusal } from '../operations/refusal.ts';
import type { JsonResponse } from './request-state.ts';

/** An operation's response. Writing the envelope by hand takes half the time of serialising all of it. */
export function respondData(requestId: string, data: unknown, pagination: unknown): JsonResponse {
  const members = `${memberText('data', data)}${memberText('pagination', pagination)}`;
  return respondText(200, requestId, `{"meta":{"requestId":"${requestId}"}${members}}`);
}

function memberText(name: string, value: unknown): string {
  return value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`;
}

/** `body` is JSON text. */
export function respondText(status: number, requestId: string, body: string): JsonResponse {
  return {
    status,
    // Responses hold keys, and nothing of them may be used later.
    headers: { 'content-type': 'application/json', 'x-request-id': requestId, 'cache-control': 'no-store' },
    body,
  };
}

export function respondRefusal(
  refusal: Refusal,
  requestId: string,
  accept: string | undefined,
): JsonResponse {
  const [status, title] = errors[refusal.code];
  const error = {
    title,
    detail: refusal.detail,
    status,
    type: errorType(refusal.code),
    ...(statusesWithIssues.has(status) && { errors: refusal.issues }),
  };
  const response = respondText(status, requestId, JSON.stringify({ meta: { requestId }, error }));
  if (wantsProblemJson(accept)) response.headers['content-type'] = 'application/problem+json';
  Object.assign(response.headers, refusal.headers);
  return response;
}

// Only if the client names it: published clients compare the content type exactly, and send `*/*`.
function wantsProblemJson(accept: string | undefined): boolean {
  return accept?.split(',').some((range) => mediaTypeOf(range) === 'application/problem+json') ?? false;
}

/** `Application/JSON; charset=utf-8` → `application/json`. */
export function mediaTypeOf(header: string): string {
  const end = header.indexOf(';');
  return (end === -1 ? header : header.slice(0, end)).trim().toLowerCase();
}
