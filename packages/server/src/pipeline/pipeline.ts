import { pathOf } from '@unkey-ts/contract';
import type { HttpHandler, HttpRequest, HttpResponse } from '../base/http-message.ts';
import { errorFields, type Log } from '../base/log.ts';
import { andThen, type MaybePromise } from '../base/maybe-promise.ts';
import { CountersUnavailableError } from '../counters/port.ts';
import { clientIp } from '../domain/network/client-ip.ts';
import type { AllowList } from '../domain/network/ip-allow-list.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import type { Context, ReadContext } from '../operations/context.ts';
import { type Answer, type Handler, masked } from '../operations/handler.ts';
import { handlers } from '../operations/index.ts';
import { Refusal, refuse } from '../operations/refusal.ts';
import { transact } from '../operations/transaction.ts';
import type { Services } from '../services.ts';
import { StorageUnavailableError } from '../storage/port/storage.ts';
import { type Authenticated, authenticate, refuseMissingCredential } from './authenticate.ts';
import { authorise } from './authorise.ts';
import { parseBody } from './body.ts';
import { addCreditsAlias, readsCreditsAlias } from './credits-alias.ts';
import { withDeadline } from './deadline.ts';
import { type KeyedRequest, parseIdempotencyKey, rememberingAnswer, storingAnswer } from './idempotency.ts';
import { respondData, respondRefusal } from './respond.ts';
import { limitWorkspace } from './workspace-limit.ts';

export interface PipelineOptions {
  readonly services: Services;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly trustedProxies: AllowList | null;
  /** Paths without envelope: probes, metrics, the OpenAPI document. */
  readonly pages: ReadonlyMap<string, () => Promise<HttpResponse>>;
  /** A request may take this long, in milliseconds. */
  readonly timeoutMs?: number;
}

/** One request on its way. */
interface Exchange {
  readonly handler: Handler;
  readonly request: HttpRequest;
  readonly requestId: string;
  readonly startedAt: number;
  readonly now: number;
  caller: Authenticated | null;
  /** Of the workspace's limit; on every answer after authentication. */
  limitHeaders: Readonly<Record<string, string>> | null;
  /** For metrics; the status when absent. */
  outcome: string | undefined;
}

type Outcome = HttpResponse | Refusal;

const routes: ReadonlyMap<string, Handler> = new Map(
  Object.values(handlers).map((handler) => [pathOf(handler.operation), handler]),
);

/**
 * route → validate → authenticate → locate → authorise → act → respond. It never throws or rejects. Every step goes on
 * at once when it need not wait: a request about what is remembered is answered without a promise.
 */
export function createPipeline(options: PipelineOptions): HttpHandler {
  const { services } = options;
  return (request) => {
    const requestId = services.ids.id('req');
    const startedAt = performance.now();
    const handler = routes.get(request.path);
    if (handler?.operation.method !== request.method) return servePage(request, requestId, options);
    return answer(
      {
        handler,
        request,
        requestId,
        startedAt,
        now: services.clock.now(),
        caller: null,
        limitHeaders: null,
        outcome: undefined,
      },
      options,
    );
  };
}

/** What is no call of an operation: a page without envelope, or a path or method that is not served. */
function servePage(
  request: HttpRequest,
  requestId: string,
  { pages, log }: PipelineOptions,
): MaybePromise<HttpResponse> {
  const { accept } = request.headers;
  const page = pages.get(request.path);
  const misrouted = refuseRoute(request, page ? 'GET' : routes.get(request.path)?.operation.method);
  if (misrouted) return respondRefusal(misrouted, requestId, accept);
  if (page) return page().catch((error) => fault(log, error, { requestId, operation: 'page', accept }));
  const operation = routes.get(request.path);
  throw new Error(`${request.method} ${operation?.operation.id ?? 'nothing'} was routed to a page.`);
}

function answer(exchange: Exchange, options: PipelineOptions): MaybePromise<HttpResponse> {
  try {
    const outcome = run(exchange, options);
    if (!(outcome instanceof Promise)) return finish(exchange, options, outcome);
    const timeoutMs = options.timeoutMs ?? 60_000;
    return withDeadline(outcome, timeoutMs, () => refuseLate(timeoutMs)).then(
      (late) => finish(exchange, options, late),
      (error) => finishFault(exchange, options, error),
    );
  } catch (error) {
    return finishFault(exchange, options, error);
  }
}

function refuseLate(timeoutMs: number): Refusal {
  const detail = `The request took longer than ${timeoutMs} ms and was given up.`;
  return refuse('user/bad_request/request_timeout', detail);
}

function finishFault(exchange: Exchange, options: PipelineOptions, error: unknown): HttpResponse {
  const { handler, request, requestId } = exchange;
  const [operation, { accept }] = [handler.operation.id, request.headers];
  return count(exchange, options, fault(options.log, error, { requestId, operation, accept }), undefined);
}

function finish(exchange: Exchange, options: PipelineOptions, outcome: Outcome): HttpResponse {
  if (!(outcome instanceof Refusal)) return count(exchange, options, outcome, exchange.outcome);
  const { request, requestId } = exchange;
  return count(exchange, options, respondRefusal(outcome, requestId, request.headers.accept), undefined);
}

function count(
  exchange: Exchange,
  { metrics, log }: PipelineOptions,
  response: HttpResponse,
  outcome: string | undefined,
): HttpResponse {
  const milliseconds = performance.now() - exchange.startedAt;
  metrics.observe(exchange.handler.operation.id, outcome ?? String(response.status), milliseconds / 1000);
  logRequest(log, exchange, response.status, milliseconds);
  if (exchange.limitHeaders) Object.assign(response.headers, exchange.limitHeaders);
  return response;
}

function run(exchange: Exchange, options: PipelineOptions): MaybePromise<Outcome> {
  const { services } = options;
  const { handler, request, now } = exchange;
  const { operation } = handler;
  if (operation.access === 'public') return actInPublic(exchange);

  const { authorization } = request.headers;
  const uncredentialed = refuseMissingCredential(authorization);
  if (uncredentialed) return uncredentialed;
  const body = parseBody(operation, request.headers['content-type'], request.body);
  if (body instanceof Refusal) return body;
  const idempotencyKey = parseIdempotencyKey(operation, request.headers['idempotency-key']);
  if (idempotencyKey instanceof Refusal) return idempotencyKey;

  return andThen(authenticate(authorization ?? '', services.lookups, now), (caller) => {
    if (caller instanceof Refusal) return caller;
    exchange.caller = caller;
    return andThen(limitWorkspace(caller.workspace, services.counters, now), (limited) => {
      if (limited instanceof Refusal) return limited;
      exchange.limitHeaders = limited;
      const { bearer } = caller;
      const keyed =
        idempotencyKey === null ? null : { operation, idempotencyKey, bearer, body: request.body };
      return perform(exchange, caller, contextOf(exchange, caller, options), { input: body.input, keyed });
    });
  });
}

/** In one snapshot, in one transaction, or in atomic steps of its own, as the operation's mode says. */
function perform(
  exchange: Exchange,
  caller: Authenticated,
  context: Context,
  { input, keyed }: { readonly input: unknown; readonly keyed: KeyedRequest | null },
): MaybePromise<Outcome> {
  const { operation } = exchange.handler;
  if (operation.mode === 'spend') {
    if (keyed === null) return locateAuthoriseAct(exchange, caller, context, input);
    return rememberingAnswer(keyed, context, async (inner) =>
      locateAuthoriseAct(exchange, caller, inner, input),
    );
  }
  const act = async (inner: Context) => locateAuthoriseAct(exchange, caller, inner, input);
  if (operation.mode === 'write') return transact(context, keyed === null ? act : storingAnswer(keyed, act));
  return context.services.storage.read((store) => {
    const reading: ReadContext = { ...context, store };
    return act(reading);
  });
}

/** The answer is written here, so that a transaction can hold the very text that goes out. */
function locateAuthoriseAct(
  exchange: Exchange,
  caller: Authenticated,
  context: Context,
  input: unknown,
): MaybePromise<Outcome> {
  const { handler } = exchange;
  // The input has passed the operation's schema, and the context is the one of its mode.
  const [ownContext, ownInput] = [context as never, input as never];
  return andThen(handler.locate(ownContext, ownInput), (located) => {
    if (located instanceof Refusal) return located;
    if (located === masked) return respondAnswer(exchange, maskedResultOf(handler));
    const denial = authorise(handler.operation.access, caller.grants, located);
    if (denial === masked) return respondAnswer(exchange, maskedResultOf(handler));
    if (denial !== null) return denial;
    return andThen(handler.act(ownContext, ownInput, located as never), (acted) =>
      acted instanceof Refusal ? acted : respondAnswer(exchange, acted),
    );
  });
}

function maskedResultOf({ operation, maskedResult }: Handler): Answer<unknown> {
  if (maskedResult === undefined)
    throw new Error(`${operation.id} is masked as a result but declares no maskedResult.`);
  return maskedResult();
}

// A public operation has neither caller nor input: the types of its steps hold that it asks for none.
function actInPublic(exchange: Exchange): MaybePromise<Outcome> {
  return andThen(exchange.handler.act({} as never, null as never, {} as never), (acted) =>
    acted instanceof Refusal ? acted : respondAnswer(exchange, acted),
  );
}

function contextOf(
  exchange: Exchange,
  { rootKey, workspace }: Authenticated,
  options: PipelineOptions,
): Context {
  const { request } = exchange;
  const { headers } = request;
  return {
    requestId: exchange.requestId,
    workspaceId: workspace.id,
    rootKey,
    now: exchange.now,
    startedAt: exchange.startedAt,
    clientIp: () => clientIp(request.peer, headers['x-forwarded-for'], options.trustedProxies),
    userAgent: headers['user-agent'],
    isRecorded: headers['x-unkey-metrics'] !== 'disabled',
    services: options.services,
  };
}

function respondAnswer(exchange: Exchange, answer: Answer<unknown>): HttpResponse {
  const { handler, request, requestId } = exchange;
  const { data, pagination } = answer;
  exchange.outcome = answer.outcome;
  const isAliased = handler.operation.hasCreditsAlias && readsCreditsAlias(request.headers['user-agent']);
  return respondData(requestId, isAliased ? addCreditsAlias(data) : data, pagination);
}

function refuseRoute({ method, path }: HttpRequest, allowed: 'GET' | 'POST' | undefined): Refusal | null {
  if (allowed === undefined) {
    return refuse(
      'unkey/routing/route_not_found',
      `There is no ${path.slice(0, 200)} here. The operations are in /openapi.json.`,
    );
  }
  if (method === allowed || (method === 'HEAD' && allowed === 'GET')) return null;
  const allow = allowed === 'GET' ? 'GET, HEAD' : 'POST';
  const detail = `${path} is called with ${allowed}, not with ${method.slice(0, 20)}.`;
  return new Refusal('unkey/routing/method_not_allowed', detail, [], { allow });
}

function fault(
  log: Log,
  error: unknown,
  { requestId, operation, accept }: { requestId: string; operation: string; accept: string | undefined },
): HttpResponse {
  // Of an outage of the counters the log has one line already.
  if (error instanceof CountersUnavailableError) {
    return respondRefusal(refuseUnavailable(error.message), requestId, accept);
  }
  log.error({ requestId, operation, ...errorFields(error) }, 'request failed');
  if (error instanceof StorageUnavailableError) {
    // Whoever hears that nothing was done may repeat it.
    const refusal = error.mayBeDone
      ? refuse('unkey/application/unexpected_error', error.message)
      : refuseUnavailable(error.message);
    return respondRefusal(refusal, requestId, accept);
  }
  const detail = `The request failed for a reason that lies with the server. Its log names ${requestId}.`;
  return respondRefusal(refuse('unkey/application/unexpected_error', detail), requestId, accept);
}

function refuseUnavailable(detail: string): Refusal {
  return new Refusal('unkey/application/service_unavailable', detail, [], { 'retry-after': '1' });
}

function logRequest(
  log: Log,
  { handler, requestId, caller }: Exchange,
  status: number,
  milliseconds: number,
): void {
  const level = handler.operation.mode === 'spend' ? 'debug' : 'info';
  if (!log.isLevelEnabled(level)) return;
  log[level](
    {
      requestId,
      operation: handler.operation.id,
      status,
      milliseconds: Math.round(milliseconds * 100) / 100,
      workspaceId: caller?.workspace.id,
      rootKeyId: caller?.rootKey.id,
    },
    'request',
  );
}
