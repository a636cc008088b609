import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, errors, errorType, statusesWithIssues } from '@unkey-ts/contract';
import type { HttpResponse, Ids } from '@unkey-ts/server';
import { checkOperation } from './check-operation.ts';
import { EmulatorError } from './emulator-error.ts';
import { shown } from './shown.ts';
import { parseDuration } from './time.ts';
import type { Fault, FaultRule, Faults, RecordedRequest } from './types.ts';

/** Instead of a response: the connection is reset. */
export const lostConnection: HttpResponse = { status: 0, headers: {}, body: '' };

export interface FaultRules extends Faults {
  /** The fault of a request, which counts as used; null: none. */
  take(request: RecordedRequest): Fault | null;
  /** The rules that can still apply. */
  rules(): readonly FaultRule[];
}

interface CountedRule {
  readonly rule: FaultRule;
  left: number;
}

/** `random` returns a number from 0 to 1. */
export function createFaults(random: () => number): FaultRules {
  let counted: CountedRule[] = [];
  const appliesTo = (request: RecordedRequest, { operation, share = 1, when }: FaultRule) =>
    (operation === undefined || operation === request.operation) &&
    (when === undefined || when(request)) &&
    (share === 1 || random() < share);

  const add = (rule: FaultRule) => {
    checkRule(rule);
    counted.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY });
  };
  return {
    add,
    next: (operation, fault, times = 1) => add({ operation, fault, times }),
    clear() {
      counted = [];
    },
    take(request) {
      const found = counted.find(({ rule }) => appliesTo(request, rule));
      if (found === undefined) return null;
      found.left--;
      if (found.left <= 0) counted = counted.filter((one) => one !== found);
      return found.rule.fault;
    },
    rules: () =>
      counted.map(({ rule, left }) => ({ ...rule, ...(Number.isFinite(left) && { times: left }) })),
  };
}

export interface FaultOptions {
  readonly fault: Fault;
  /** Does the work of the request. */
  readonly work: () => HttpResponse | Promise<HttpResponse>;
  readonly ids: Ids;
  /** Aborts when the emulator is closed or begins again. */
  readonly end: AbortSignal;
}

/** The response of a request with a fault. */
export async function withFault({ fault, work, ids, end }: FaultOptions): Promise<HttpResponse> {
  if ('delay' in fault) {
    // Only the end aborts it.
    const isOver = await sleep(parseDuration(fault.delay), false, { signal: end }).catch(() => true);
    return isOver ? lostConnection : work();
  }
  if (fault.processed === true) await work();
  if ('reset' in fault) return lostConnection;
  if ('never' in fault) return untilAborted(end);
  if ('malformed' in fault) return jsonResponse(200, '{"meta":{"requestId":"');
  return faultyResponse(fault, ids.id('req'));
}

function untilAborted(signal: AbortSignal): Promise<HttpResponse> {
  return new Promise((resolve) => {
    const end = () => resolve(lostConnection);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

function faultyResponse(
  { status, retryAfter, body }: Extract<Fault, { status: number }>,
  requestId: string,
): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? errorBody(status, requestId));
  const response = jsonResponse(status, text);
  if (typeof body === 'string') response.headers['content-type'] = 'text/plain; charset=utf-8';
  else response.headers['x-request-id'] = requestId;
  if (retryAfter !== undefined) response.headers['retry-after'] = String(retryAfter);
  return response;
}

function jsonResponse(status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body };
}

/** An error as the service sends it: the first of the catalogue with this status. */
function errorBody(status: number, requestId: string): object {
  const [code, [, title]] = Object.entries(errors).find(([, [known]]) => known === status) ?? unexpected;
  return {
    meta: { requestId },
    error: {
      title,
      detail: 'A fault of the emulator.',
      status,
      type: errorType(code as ErrorCode),
      ...(statusesWithIssues.has(status) && { errors: [] }),
    },
  };
}

const unexpected = [
  'unkey/application/unexpected_error',
  errors['unkey/application/unexpected_error'],
] as const;

const kinds = ['status', 'delay', 'reset', 'never', 'malformed'] as const;
const membersOf: Readonly<Record<(typeof kinds)[number], readonly string[]>> = {
  status: ['status', 'retryAfter', 'body', 'processed'],
  delay: ['delay'],
  reset: ['reset', 'processed'],
  never: ['never', 'processed'],
  malformed: ['malformed', 'processed'],
};
const form =
  'a fault is { status: 503, retryAfter: 1 }, { delay: "2s" }, { reset: true }, { never: true } or { malformed: true }, where processed: true does the work first';

function checkRule(rule: FaultRule): void {
  const { operation, times, share, when } = rule;
  checkMembers(rule, ['fault', 'operation', 'times', 'share', 'when']);
  if (operation !== undefined) checkOperation(operation);
  if (times !== undefined && !(Number.isSafeInteger(times) && times > 0))
    throw new EmulatorError(`times is ${shown(times)}: use a positive integer.`);
  if (share !== undefined && !(share > 0 && share <= 1))
    throw new EmulatorError(`share is ${shown(share)}: use a number from 0 to 1, without 0.`);
  if (when !== undefined && typeof when !== 'function')
    throw new EmulatorError(`when is ${shown(when)}: use a function of the request.`);
  checkFault(rule.fault);
}

function checkFault(fault: Fault): void {
  const given = kinds.filter((kind) => typeof fault === 'object' && fault !== null && kind in fault);
  const [kind] = given;
  if (kind === undefined || given.length > 1)
    throw new EmulatorError(`${shown(JSON.stringify(fault) ?? fault)} is not one fault: ${form}.`);
  checkMembers(fault, membersOf[kind]);
  if ('delay' in fault) parseDuration(fault.delay);
  if ('status' in fault) {
    checkInteger('status', fault.status, { min: 200, max: 599 });
    if (fault.retryAfter !== undefined) checkInteger('retryAfter', fault.retryAfter, { min: 0, max: 86_400 });
  }
  for (const name of ['reset', 'never', 'malformed'] as const) {
    const value: unknown = (fault as Record<string, unknown>)[name];
    if (value !== undefined && value !== true)
      throw new EmulatorError(`${name} is ${shown(value)}: use true.`);
  }
  if (fault.processed !== undefined && typeof fault.processed !== 'boolean')
    throw new EmulatorError(`processed is ${shown(fault.processed)}: use true or false.`);
}

function checkInteger(name: string, value: unknown, { min, max }: { min: number; max: number }): void {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return;
  throw new EmulatorError(`${name} is ${shown(value)}: use an integer from ${min} to ${max}.`);
}

function checkMembers(value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new EmulatorError(`Unknown member ${shown(unknown)}: use ${known.join(', ')}.`);
}
