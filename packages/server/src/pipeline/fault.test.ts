import { expect, test } from 'vitest';
import type { HttpResponse } from '../base/http-message.ts';
import { randomIds } from '../base/ids.ts';
import { createLog } from '../base/log.ts';
import type { MaybePromise } from '../base/maybe-promise.ts';
import { IdempotencyShareError } from '../counters/port.ts';
import { createMetrics } from '../monitoring/metrics.ts';
import { respondToFault } from './fault.ts';
import { guardEndpoint } from './guard-endpoint.ts';
import { createFailureReport } from './transport-failure.ts';

function setUp() {
  const metrics = createMetrics({
    events: () => ({ buffered: 0, written: 0, dropped: 0 }),
    keyCache: () => ({ hits: 0, misses: 0, size: 0, maxSize: 1 }),
    counters: null,
    changes: null,
  });
  const lines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => lines.push(line) } });
  const options = { ids: randomIds(), log, metrics };
  const ask = async (handle: () => MaybePromise<HttpResponse>) =>
    guardEndpoint({ path: '/one', method: 'GET', handle }, options).handle({
      method: 'GET',
      path: '/one',
      headers: {},
      body: new Uint8Array(0),
      peer: '',
    });
  return { options, metrics, lines, ask };
}

const unavailable: HttpResponse = { status: 503, headers: {}, body: 'away' };
const broken = new Error('broken');
const thrown = () => {
  throw broken;
};

test.each([
  ['an endpoint that throws', '/one', 500, ({ ask }) => ask(thrown)],
  ['an endpoint that rejects', '/one', 500, ({ ask }) => ask(() => Promise.reject(broken))],
  ['an endpoint that responds with it', '/one', 503, ({ ask }) => ask(() => unavailable)],
  ['an endpoint that responds with it later', '/one', 503, ({ ask }) => ask(async () => unavailable)],
  [
    'the listener',
    'transport',
    500,
    async ({ options }) => createFailureReport(options)('internal_error', { error: broken }),
  ],
] as const satisfies [string, string, number, (test: ReturnType<typeof setUp>) => Promise<HttpResponse>][])(
  'a 5xx of %s has a request id, a log line and a metric',
  async (_origin, operation, expected, cause) => {
    const test = setUp();
    const { status, headers, body } = await cause(test);
    const requestId = headers['x-request-id'];
    expect(status).toBe(expected);
    expect(requestId).toMatch(/^req_/);
    expect(String(body)).not.toContain('broken');
    expect(test.lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ requestId, operation, ...(expected === 500 && { message: 'broken' }) }),
    ]);
    const series = `unkey_requests_total{operation="${operation}",outcome="${expected}"} 1\n`;
    expect(await test.metrics.text()).toContain(series);
  },
);

test('errors of clients are neither logged nor counted as faults', async () => {
  const { options, lines, metrics } = setUp();
  const response = createFailureReport(options)('malformed', { accept: 'application/problem+json' });
  expect(response).toMatchObject({ status: 400, headers: { 'content-type': 'application/problem+json' } });
  expect(lines).toEqual([]);
  expect(await metrics.text()).not.toContain('operation="transport"');
});

test('a workspace that has used its share of records gets 429: no outage that opens doors, and no log line', () => {
  const { options, lines } = setUp();
  const at = { requestId: 'req_1', operation: 'keys.verifyKey', headers: {} };
  const response = respondToFault(options.log, new IdempotencyShareError('The share is used.'), at);
  expect(response).toMatchObject({ status: 429, headers: { 'retry-after': '60' } });
  expect(response.body).toContain('The share is used.');
  expect(lines).toEqual([]);
});
