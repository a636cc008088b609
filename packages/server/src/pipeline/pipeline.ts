import { maxBodyBytesOf, pathOf } from '@unkey-ts/contract';
import type { Endpoint, HttpRequest, HttpResponse } from '../base/http-message.ts';
import type { Log } from '../base/log.ts';
import { andThen, type MaybePromise } from '../base/maybe-promise.ts';
import { clientIp } from '../domain/network/client-ip.ts';
import type { AllowList } from '../domain/network/ip-allow-list.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import type { Context, ReadContext } from '../operations/context.ts';
import { type Handler, type Located, masked, type OperationResult } from '../operations/handler.ts';
import { handlers } from '../operations/index.ts';
import { Refusal, refuse } from '../operations/refusal.ts';
import { transact } from '../operations/transaction.ts';
import type { Services, SpendServices } from '../services.ts';
import { type Authenticated, authenticate, refuseMissingCredential } from './authenticate.ts';
import { authorise } from './authorise.ts';
import { parseBody } from './body.ts';
import { addCreditsAlias, readsCreditsAlias } from './credits-alias.ts';
import { withDeadline } from './deadline.ts';
import { respondToFault } from './fault.ts';
import { parseIdempotencyKey, withCachedRecord, withDurableRecord } from './idempotency.ts';
import { traceOf } from './log-fields.ts';
import { logRequest } from './log-request.ts';
import { RequestState, type Result } from './request-state.ts';
import { respondData, respondRefusal } from './respond.ts';
import { UnknownRootKeys } from './unknown-root-keys.ts';
import { limitWorkspace } from './workspace-limit.ts';

export interface PipelineOptions {
  /** Complete, unless `forward` takes the requests that need the rest. */
  readonly services: Services | SpendServices;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'observe'>;
  readonly trustedProxies: AllowList | null;
  /** How long a request may take, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  /** Performs the requests of operations that read or write, elsewhere. Default: they are performed here. */
  readonly forward?: (
    request: HttpRequest,
    at: Pick<RequestState, 'now' | 'startedAt'>,
  ) => Promise<HttpResponse>;
}

interface PipelineParts extends PipelineOptions {
  readonly unknownRootKeys: UnknownRootKeys;
}

/** Null: the next step goes on. Anything else ends the request. */
type Step = (state: RequestState, options: PipelineParts) => MaybePromise<Result | null>;

/** Every request takes these steps, in this order. A new check is a function and a line here. */
const steps: readonly Step[] = [
  requireCredential,
  validate,
  authenticateCaller,
  checkWorkspaceLimit,
  // Runs the steps of the operation, below.
  perform,
];

/** Inside the operation's snapshot or transaction, and only once for an `Idempotency-Key`. */
const operationSteps: readonly Step[] = [locate, authoriseCaller, actAndRespond];

/** Before a large body is read, its sender must be known: parsing it costs much more than sending it. */
const admissionSteps: readonly Step[] = [requireCredential, authenticateCaller];

/** A public operation has neither caller nor input. */
const publicSteps: readonly Step[] = [actAndRespond];

/**
 * An endpoint for each operation. Its `handle` never throws or rejects, and a request that waits for nothing, like a
 * verification from cached data, gets its response without a promise.
 */
export function createPipeline(pipelineOptions: PipelineOptions): readonly Endpoint[] {
  const options: PipelineParts = {
    ...pipelineOptions,
    unknownRootKeys: new UnknownRootKeys(pipelineOptions.log),
  };
  const { ids, clock } = options.services;
  return Object.values(handlers).map((handler: Handler) => {
    const begin = (request: HttpRequest) => new RequestState(handler, request, ids.id('req'), clock.now());
    return {
      path: pathOf(handler.operation),
      method: handler.operation.method,
      handle: (request: HttpRequest) => performRequest(begin(request), options),
      ...(handler.operation.access !== 'public' && {
        admitBody: (request: HttpRequest) => admitBody(begin(request), options),
      }),
    };
  });
}

async function admitBody(state: RequestState, options: PipelineParts): Promise<HttpResponse | number> {
  try {
    for (const step of admissionSteps) {
      const result = await step(state, options);
      if (result !== null) return finish(state, options, toResponse(state, result));
    }
    return maxBodyBytesOf(state.handler.operation);
  } catch (error) {
    return finishFault(state, options, error);
  }
}

function performRequest(state: RequestState, options: PipelineParts): MaybePromise<HttpResponse> {
  const { access, mode } = state.handler.operation;
  const { forward } = options;
  if (forward === undefined || mode === 'spend' || access === 'public') return run(state, options);
  const timeoutMs = timeoutOf(options);
  return withDeadline(forward(state.request, state), timeoutMs + forwardGraceMs, () =>
    finish(state, options, toResponse(state, refuseLate(timeoutMs))),
  ).catch((error) => finishFault(state, options, error));
}

/** A request that was forwarded is refused there when it is late; this thread refuses it if that one is stuck. */
const forwardGraceMs = 1000;

const timeoutOf = ({ timeoutMs = 60_000 }: PipelineOptions) => timeoutMs;

function run(state: RequestState, options: PipelineParts): MaybePromise<HttpResponse> {
  try {
    const isPublic = state.handler.operation.access === 'public';
    const result = runSteps(isPublic ? publicSteps : steps, state, options);
    if (!(result instanceof Promise)) return finish(state, options, toResponse(state, result));
    const timeoutMs = timeoutOf(options);
    return withDeadline(result, timeoutMs, () => refuseLate(timeoutMs)).then(
      (late) => finish(state, options, toResponse(state, late)),
      (error) => finishFault(state, options, error),
    );
  } catch (error) {
    return finishFault(state, options, error);
  }
}

/** A step that does not wait is followed by the next one at once. */
function runSteps(
  list: readonly Step[],
  state: RequestState,
  options: PipelineParts,
  from = 0,
): MaybePromise<Result> {
  for (let index = from; index < list.length; index++) {
    const result = list[index]?.(state, options) ?? null;
    if (result instanceof Promise) {
      // The last step never returns null: its promise is the result.
      if (index === list.length - 1) return result as Promise<Result>;
      return runRest(result, list, state, options, index + 1);
    }
    if (result !== null) return result;
  }
  throw new Error(`${state.handler.operation.id} has no response after its last step.`);
}

// Apart, because a closure inside the loop would cost every step an allocation.
function runRest(
  result: Promise<Result | null>,
  list: readonly Step[],
  state: RequestState,
  options: PipelineParts,
  from: number,
): Promise<Result> {
  return result.then((late) => late ?? runSteps(list, state, options, from));
}

/** What a step does with a value that it may have to wait for. */
type Next<Value, Out> = (value: Value, state: RequestState, options: PipelineParts) => MaybePromise<Out>;

/** Like `andThen`, but `next` needs no closure: without a promise, nothing is allocated. */
function continueWith<Value, Out>(
  value: MaybePromise<Value>,
  state: RequestState,
  options: PipelineParts,
  next: Next<Value, Out>,
): MaybePromise<Out> {
  return value instanceof Promise ? continueLater(value, state, options, next) : next(value, state, options);
}

// Apart, because V8 allocates what a closure captures when the function around it begins.
function continueLater<Value, Out>(
  value: Promise<Value>,
  state: RequestState,
  options: PipelineParts,
  next: Next<Value, Out>,
): Promise<Out> {
  return value.then((late) => next(late, state, options));
}

function requireCredential({ request }: RequestState): Refusal | null {
  return refuseMissingCredential(request.headers.authorization);
}

function validate(state: RequestState): Refusal | null {
  const { handler, request } = state;
  const body = parseBody(handler.operation, request.headers, request.body);
  if (body instanceof Refusal) return body;
  const idempotencyKey = parseIdempotencyKey(handler.operation, request.headers['idempotency-key']);
  if (idempotencyKey instanceof Refusal) return idempotencyKey;
  state.input = body.input;
  state.idempotencyKey = idempotencyKey;
  return null;
}

function authenticateCaller(state: RequestState, options: PipelineParts): MaybePromise<Refusal | null> {
  const { authorization = '' } = state.request.headers;
  const caller = authenticate(authorization, options.services.lookups, state.now);
  return continueWith(caller, state, options, keepCaller);
}

function keepCaller(
  caller: Authenticated | Refusal,
  state: RequestState,
  { unknownRootKeys, trustedProxies }: PipelineParts,
): Refusal | null {
  if (!(caller instanceof Refusal)) {
    state.caller = caller;
    return null;
  }
  if (caller.code !== 'unkey/authentication/key_not_found') return caller;
  const { peer, headers } = state.request;
  return (
    unknownRootKeys.count(clientIp(peer, headers['x-forwarded-for'], trustedProxies), state.now) ?? caller
  );
}

function checkWorkspaceLimit(state: RequestState, options: PipelineParts): MaybePromise<Refusal | null> {
  const { workspace } = callerOf(state);
  if (workspace.requestsPerMinute === null) return null;
  const isUnknown = state.handler.isUnknown?.(options.services, workspace.id, state.input as never) ?? false;
  return continueWith(isUnknown, state, options, countRequest);
}

function countRequest(
  isUnknown: boolean,
  state: RequestState,
  options: PipelineParts,
): MaybePromise<Refusal | null> {
  const { workspace } = callerOf(state);
  const share = isUnknown ? 'unknown keys' : 'all';
  const limited = limitWorkspace(workspace, share, options.services.counters, state.now);
  return continueWith(limited, state, options, keepLimitHeaders);
}

function keepLimitHeaders(
  limited: RequestState['limitHeaders'] | Refusal,
  state: RequestState,
): Refusal | null {
  if (limited instanceof Refusal) return limited;
  state.limitHeaders = limited;
  return null;
}

/** In one snapshot, in one transaction, or in atomic steps of its own: the operation's mode decides. */
function perform(state: RequestState, options: PipelineParts): MaybePromise<Result> {
  const context = contextOf(state, options);
  const isAtomic = state.handler.operation.mode === 'spend' && state.idempotencyKey === null;
  return isAtomic ? operate(state, options, context) : performInside(state, options, context);
}

/** Inside a snapshot or transaction, or around an idempotency record. */
function performInside(
  state: RequestState,
  options: PipelineParts,
  context: Omit<ReadContext, 'store'>,
): Promise<Result> {
  const { idempotencyKey } = state;
  const { mode } = state.handler.operation;
  const inContext = async (inner: Context) => operate(state, options, inner);
  if (mode === 'read') {
    return context.services.storage.read((store) => {
      const reading: ReadContext = { ...context, store };
      return inContext(reading);
    });
  }
  if (idempotencyKey === null) return transact(context, inContext);
  const keyed = {
    operation: state.handler.operation,
    idempotencyKey,
    bearer: callerOf(state).bearer,
    body: state.request.body,
  };
  return mode === 'spend'
    ? withCachedRecord(keyed, context, {
        perform: inContext,
        recordOf: ({ body }) => state.recordText ?? body,
        restore: (recorded) => restore(state, context, recorded),
      })
    : transact(context, withDurableRecord(keyed, inContext));
}

function restore(state: RequestState, context: Context, recordedText: string): MaybePromise<string | null> {
  const { handler, input } = state;
  if (handler.record === undefined) return recordedText;
  const { meta, data } = JSON.parse(recordedText);
  const restored = handler.record.restore(context as never, input as never, data as never);
  return andThen(restored, (full) =>
    full === null ? null : respondData(meta.requestId, withAlias(state, full), undefined).body,
  );
}

function operate(state: RequestState, options: PipelineParts, context: Context): MaybePromise<Result> {
  state.context = context;
  return runSteps(operationSteps, state, options);
}

function locate(state: RequestState, options: PipelineParts): MaybePromise<Result | null> {
  // The input has passed the operation's schema, and the context is the one of its mode.
  const located = state.handler.locate(state.context as never, state.input as never);
  return continueWith(located, state, options, keepLocated);
}

function keepLocated(located: Located | Refusal | typeof masked, state: RequestState): Result | null {
  if (located instanceof Refusal) return located;
  if (located === masked) return respondMasked(state);
  state.located = located;
  return null;
}

function authoriseCaller(state: RequestState): Result | null {
  const denial = authorise(state.handler.operation.access, callerOf(state).grants, state.located);
  return denial === masked ? respondMasked(state) : denial;
}

/** The response is written here, so that the transaction of a write can store its very text. */
function actAndRespond(state: RequestState, options: PipelineParts): MaybePromise<Result> {
  const { handler, context, input, located } = state;
  const acted = handler.act(context as never, input as never, located as never);
  return continueWith(acted, state, options, respondUnlessRefused);
}

function respondUnlessRefused(acted: OperationResult<unknown> | Refusal, state: RequestState): Result {
  return acted instanceof Refusal ? acted : respond(state, acted);
}

function respondMasked(state: RequestState): Result {
  const { operation, maskedResult } = state.handler;
  if (maskedResult === undefined)
    throw new Error(`${operation.id} is masked as a result but declares no maskedResult.`);
  return respond(state, maskedResult());
}

function respond(state: RequestState, result: OperationResult<unknown>): Result {
  const { requestId, idempotencyKey } = state;
  const { data, pagination } = result;
  state.outcome = result.outcome;
  const { record } = state.handler;
  if (idempotencyKey !== null && record !== undefined) {
    state.recordText = respondData(requestId, record.keep(data as never), pagination).body;
  }
  return respondData(requestId, withAlias(state, data), pagination);
}

function withAlias({ handler, request }: RequestState, data: unknown): unknown {
  const isAliased = handler.operation.hasCreditsAlias && readsCreditsAlias(request.headers['user-agent']);
  return isAliased ? addCreditsAlias(data) : data;
}

function callerOf({ caller, handler }: RequestState): Authenticated {
  if (caller === null) throw new Error(`${handler.operation.id} needs a caller before this step.`);
  return caller;
}

function contextOf(
  state: RequestState,
  { services, trustedProxies }: PipelineParts,
): Omit<ReadContext, 'store'> {
  const { requestId, request, now, startedAt } = state;
  const { rootKey, workspace } = callerOf(state);
  const { peer, headers } = request;
  return {
    requestId,
    workspaceId: workspace.id,
    rootKey,
    now,
    startedAt,
    clientIp: () => clientIp(peer, headers['x-forwarded-for'], trustedProxies),
    trace: traceOf(headers),
    userAgent: headers['user-agent'],
    isRecorded: headers['x-unkey-metrics'] !== 'disabled',
    // An operation that reads or writes comes here only where they are complete.
    services: services as Services,
  };
}

function toResponse({ request, requestId }: RequestState, result: Result): HttpResponse {
  return result instanceof Refusal ? respondRefusal(result, requestId, request.headers.accept) : result;
}

function refuseLate(timeoutMs: number): Refusal {
  const detail = `The request took longer than ${timeoutMs} ms and was cancelled.`;
  return refuse('user/bad_request/request_timeout', detail);
}

function finishFault(state: RequestState, options: PipelineParts, error: unknown): HttpResponse {
  const { handler, request, requestId } = state;
  const at = { requestId, operation: handler.operation.id, headers: request.headers };
  return finish(state, options, respondToFault(options.log, error, at));
}

/** Every response of an operation leaves through here. */
function finish(state: RequestState, { metrics, log }: PipelineParts, response: HttpResponse): HttpResponse {
  const milliseconds = performance.now() - state.startedAt;
  const outcome = response.status === 200 ? state.outcome : undefined;
  metrics.observe(state.handler.operation.id, outcome ?? String(response.status), milliseconds / 1000);
  logRequest(log, state, response.status, milliseconds);
  if (state.limitHeaders !== null) Object.assign(response.headers, state.limitHeaders);
  return response;
}
