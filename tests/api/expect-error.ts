import { type ErrorCode, errors, errorType } from '@unkey-ts/contract';
import { expect } from 'vitest';
import type { RawReply } from './raw-request.ts';

/** Expects the complete error, with `location` if it is set. */
export function expectError(reply: RawReply, code: ErrorCode, location?: string): void {
  if (reply === 'closed') throw new Error('The connection was closed without a response.');
  const [status, title] = errors[code];
  expect({ status: reply.status, error: reply.body.error }).toMatchObject({
    status,
    error: { status, title, type: errorType(code), detail: expect.stringMatching(/./) },
  });
  expect(reply.body.meta.requestId).toMatch(/^req_[a-zA-Z0-9]+$/);
  expect(reply.headers.get('x-request-id')).toBe(reply.body.meta.requestId);
  expect(reply.headers.get('content-type')).toMatch(/^application\/(problem\+)?json$/);
  expect('errors' in reply.body.error).toBe([400, 408, 413].includes(status));
  if (location !== undefined) expect(locationsOf(reply.body)).toContain(location);
}

export function locationsOf(body: { error: { errors: readonly { location: string }[] } }): string[] {
  return body.error.errors.map(({ location }) => location);
}
