import type { Endpoint, HttpRequest, HttpResponse } from '@unkey-ts/server';
import { EmulatorError } from './emulator-error.ts';
import type { FaultRules } from './faults.ts';
import { shown } from './shown.ts';
import type { FaultRule, RecordedRequest, RecordedRequests, TestClock } from './types.ts';

const prefix = '/emulator/';

export interface Controlled {
  readonly clock: TestClock;
  readonly faults: FaultRules;
  readonly requests: RecordedRequests;
  reset(): Promise<void>;
}

export function isControlPath(path: string): boolean {
  return path.startsWith(prefix);
}

/**
 * What tests in other languages control the emulator with. They exist here only: `serve` has none of them, and they need
 * no root key.
 */
export function controlEndpoints({ clock, faults, requests, reset }: Controlled): readonly Endpoint[] {
  return [
    get('clock', () => timeOf(clock)),
    post('clock', async (body) => {
      const { advance, set, ...others } = body;
      const [unknown] = Object.keys(others);
      if (unknown !== undefined || (advance === undefined) === (set === undefined))
        throw new EmulatorError('Send {"advance":"1h"} or {"set":"2026-02-01T00:00:00Z"}.');
      if (set !== undefined) await clock.set(set as string);
      else await clock.advance(advance as string);
      return timeOf(clock);
    }),
    get('faults', () => ({ faults: faults.rules() })),
    post('faults', (body) => {
      if (body.when !== undefined)
        throw new EmulatorError('when is a function: it is available in process only.');
      faults.add(body as unknown as FaultRule);
      return { faults: faults.rules() };
    }),
    post('faults/clear', () => {
      faults.clear();
      return { faults: [] };
    }),
    get('requests', () => ({ requests: requests.all().map(plain) })),
    post('requests/clear', () => {
      requests.clear();
      return { requests: [] };
    }),
    post('reset', async () => {
      await reset();
      return timeOf(clock);
    }),
  ];
}

function timeOf(clock: TestClock): object {
  const now = clock.now();
  return { now, iso: new Date(now).toISOString() };
}

function plain(request: RecordedRequest): object {
  const { operation, method, path, headers, body, at, status, response, fault } = request;
  return { operation, method, path, headers, body, at, status, response, fault };
}

function get(name: string, work: () => object): Endpoint {
  return { path: `${prefix}${name}`, method: 'GET', handle: () => respond(200, work()) };
}

function post(name: string, work: (body: Record<string, unknown>) => object | Promise<object>): Endpoint {
  return {
    path: `${prefix}${name}`,
    method: 'POST',
    async handle(request) {
      try {
        return respond(200, await work(bodyOf(request)));
      } catch (error) {
        if (error instanceof EmulatorError) return respond(400, { error: error.message });
        throw error;
      }
    },
  };
}

function bodyOf({ body }: HttpRequest): Record<string, unknown> {
  const text = Buffer.from(body).toString('utf8');
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // The error below says what is wanted.
  }
  throw new EmulatorError(`The body is ${shown(text)}: send a JSON object.`);
}

function respond(status: number, body: object): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(body)}\n` };
}
