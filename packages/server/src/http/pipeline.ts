import { pathOf } from '@unkey-ts/contract';
import { CountersUnavailableError } from '../counters/port.ts';
import { clientIp } from '../domain/network/client-ip.ts';
import type { AllowList } from '../domain/network/ip-allow-list.ts';
import { errorFields, type Log } from '../log.ts';
import type { Context, ReadContext } from '../operations/context.ts';
import { type Answer, concealed, type Handler } from '../operations/handler.ts';
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
import type { HttpHandler, HttpRequest, HttpResponse } from './exchange.ts';
import { parseIdempotencyKey, rememberingAnswer, storingAnswer } from './idempotency.ts';
import type { Metrics } from './metrics.ts';
import { respondJson, respondRefusal } from './respond.ts';
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

/** route → validate → authenticate → locate → authorise → act → respond. It never rejects. */
export function createPipeline(options: PipelineOptions): HttpHandler {
  const { services } = options;
  const timeoutMs = options.timeoutMs ?? 60_000;

  return async (request) => {
    const requestId = services.ids.id('req');
    const startedAt = performance.now();
    const page = options.pages.get(request.path);
    const handler = routes.get(request.path);
    const misrouted = refuseRoute(request, page ? 'GET' : handler?.operation.method);
    if (misrouted) return respondRefusal(misrouted, requestId, request.headers.accept);
    if (page) {
      const { accept } = request.headers;
      return page().catch((error) => fault(options.log, error, { requestId, operation: 'page', accept }));
    }
    if (!handler) throw new Error('A path that is neither page nor operation was routed.');

    const exchange: Exchange = {
      handler,
      request,
      requestId,
      startedAt,
      now: services.clock.now(),
      caller: null,
      limitHeaders: null,
      outcome: undefined,
    };
    const response = await answer(exchange, options, timeoutMs);
    if (exchange.limitHeaders) Object.assign(response.headers, exchange.limitHeaders);
    return response;
  };
}

async function answer(
  exchange: Exchange,
  options: PipelineOptions,
  timeoutMs: number,
): Promise<HttpResponse> {
  const { handler, request, requestId, startedAt } = exchange;
  const { operation } = handler;
  let response: HttpResponse;
  let outcome: string | undefined;
  try {
    const result = await withDeadline(run(exchange, options), timeoutMs, () =>
      refuse(
        'user/bad_request/request_timeout',
        `The request took longer than ${timeoutMs} ms and was given up.`,
      ),
    );
    if (result instanceof Refusal) response = respondRefusal(result, requestId, request.headers.accept);
    else {
      response = result;
      outcome = exchange.outcome;
    }
  } catch (error) {
    const { accept } = request.headers;
    response = fault(options.log, error, { requestId, operation: operation.id, accept });
  }
  const milliseconds = performance.now() - startedAt;
  options.metrics.observe(operation.id, outcome ?? String(response.status), milliseconds / 1000);
  logRequest(options.log, exchange, response.status, milliseconds);
  return response;
}

async function run(exchange: Exchange, options: PipelineOptions): Promise<Outcome> {
  const { services } = options;
  const { handler, request } = exchange;
  const { operation } = handler;
  if (operation.access === 'public') return actInPublic(exchange);

  const uncredentialed = refuseMissingCredential(request.headers.authorization);
  if (uncredentialed) return uncredentialed;
  const body = parseBody(operation, request.headers['content-type'], request.body);
  if (body instanceof Refusal) return body;
  const idempotencyKey = parseIdempotencyKey(operation, request.headers['idempotency-key']);
  if (idempotencyKey instanceof Refusal) return idempotencyKey;

  const caller = await authenticate(request.headers.authorization ?? '', services.lookups, exchange.now);
  if (caller instanceof Refusal) return caller;
  exchange.caller = caller;
  const limited = await limitWorkspace(caller.workspace, services.counters, exchange.now);
  if (limited instanceof Refusal) return limited;
  exchange.limitHeaders = limited;

  const context = contextOf(exchange, caller, options);
  const perform = (inner: Context) => locateAuthoriseAct(exchange, caller, inner, body.input);
  const { bearer } = caller;
  const keyed = idempotencyKey === null ? null : { operation, idempotencyKey, bearer, body: request.body };
  switch (operation.mode) {
    case 'read':
      return services.storage.read((store) => {
        const reading: ReadContext = { ...context, store };
        return perform(reading);
      });
    case 'write':
      return transact(context, keyed === null ? perform : storingAnswer(keyed, perform));
    case 'spend':
      return keyed === null ? perform(context) : rememberingAnswer(keyed, context, perform);
  }
}

/** The answer is written here, so that a transaction can hold the very text that goes out. */
async function locateAuthoriseAct(
  exchange: Exchange,
  caller: Authenticated,
  context: Context,
  input: unknown,
): Promise<Outcome> {
  const { handler } = exchange;
  // The input has passed the operation's schema, and the context is the one of its mode.
  const [ownContext, ownInput] = [context as never, input as never];
  const located = await handler.locate(ownContext, ownInput);
  if (located instanceof Refusal) return located;
  if (located === concealed) return respondAnswer(exchange, concealedAnswer(handler));
  const denial = authorise(handler.operation.access, caller.grants, located);
  if (denial === concealed) return respondAnswer(exchange, concealedAnswer(handler));
  if (denial !== null) return denial;
  const answer = await handler.act(ownContext, ownInput, located as never);
  return answer instanceof Refusal ? answer : respondAnswer(exchange, answer);
}

function concealedAnswer({ operation, conceal }: Handler): Answer<unknown> {
  if (conceal === undefined) throw new Error(`${operation.id} hides behind an answer that it does not have.`);
  return conceal();
}

// A public operation has neither caller nor input: the types of its steps hold that it asks for none.
async function actInPublic(exchange: Exchange): Promise<Outcome> {
  const answer = await exchange.handler.act({} as never, null as never, {} as never);
  return answer instanceof Refusal ? answer : respondAnswer(exchange, answer);
}

function contextOf(
  exchange: Exchange,
  { rootKey, workspace }: Authenticated,
  options: PipelineOptions,
): Context {
  const { headers, peer } = exchange.request;
  return {
    requestId: exchange.requestId,
    workspaceId: workspace.id,
    rootKey,
    now: exchange.now,
    startedAt: exchange.startedAt,
    clientIp: clientIp(peer, headers['x-forwarded-for'], options.trustedProxies),
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
  return respondJson(200, requestId, {
    meta: { requestId },
    data: isAliased ? addCreditsAlias(data) : data,
    pagination,
  });
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
