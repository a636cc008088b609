import { expect, test } from 'vitest';
import { callerFields } from './log-fields.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test.each([`00-${traceId}-${spanId}-01`, `00-${traceId}-${spanId}-00`, `cc-${traceId}-${spanId}-01-more`])(
  'trace and span ids come from traceparent: %s',
  (traceparent) => expect(callerFields({ traceparent })).toEqual({ traceId, spanId }),
);

test.each([
  '',
  'nonsense',
  `ff-${traceId}-${spanId}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId}-${spanId}`,
  `00-${traceId}-${spanId}-011`,
  ` 00-${traceId}-${spanId}-01`,
])('an invalid traceparent is ignored: %j', (traceparent) => {
  expect(callerFields({ traceparent })).toEqual({});
});

test('the request id of the caller is bounded, and holds no character that a reader interprets', () => {
  const fields = callerFields({ 'x-request-id': `a-1_${'\x1b[31m'}<b>"%\n\xe9${'x'.repeat(500)}` });
  expect(fields.clientRequestId).toMatch(/^a-1_%1B%5B31m%3Cb%3E%22%25%0A%E9x+$/);
  expect(fields.clientRequestId?.length).toBeLessThanOrEqual(3 * 128);
});
