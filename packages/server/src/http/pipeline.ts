import { type Operation, type OperationId, operations, pathOf } from '@unkey-ts/contract';
import { clientIp } from '../domain/network/client-ip.ts';
import type { AllowList } from '../domain/network/ip-allow-list.ts';
import type { Log } from '../log.ts';
import { errorFields } from '../log.ts';
import type { Context, ReadContext, WriteContext } from '../operations/context.ts';
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

/** An operation as the pipeline runs it: of any input and output. */
interface Route {
  readonly operation: Operation;
  // Each handler fits its own operation (operations/index.ts); the table as a whole has no narrower type.
  readonly handler: Handler<Operation>;
}

/** One request on its way. */
interface Exchange {
  readonly route: Route;
  readonly request: HttpRequest;
  readonly requestId: string;
  readonly startedAt: number;
  readonly now: number;
  caller: Authenticated | null;
  /** Of the workspace's limit; on every answer after authentication. */
  limitHeaders: Readonly<Record<string, string>> | null;
}

type Outcome = Answer<unknown> | Refusal;

const routes = new Map<string, Route>(
  (Object.keys(operations) as OperationId[]).map((id) => [
    pathOf(operations[id]),
    { operation: operations[id] as Operation, handler: handlers[id] as unknown as Handler<Operation> },
  ]),
);

/** route → validate → authenticate → locate → authorise → act → respond. It never rejects. */
export function createPipeline(options: PipelineOptions): HttpHandler {
  const { services } = options;
  const timeoutMs = options.timeoutMs ?? 60_000;

  return async (request) => {
    const requestId = services.ids.id('req');
    const startedAt = performance.now();
    const page = options.pages.get(request.path);
    const route = routes.get(request.path);
    const misrouted = refuseRoute(request, page ? 'GET' : route?.operation.method);
    if (misrouted) return respondRefusal(misrouted, requestId, request.headers.accept);
    if (page) return page().catch((error) => fault(options.log, error, requestId, 'page'));
    if (!route) throw new Error('A path that is neither page nor operation was routed.');

    const exchange: Exchange = {
      route,
      request,
      requestId,
      startedAt,
      now: services.clock.now(),
      caller: null,
      limitHeaders: null,
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
  const { route, request, requestId, startedAt } = exchange;
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
      response = respondAnswer(exchange, result);
      outcome = result.outcome;
    }
  } catch (error) {
    response = fault(options.log, error, requestId, route.operation.id, request.headers.accept);
  }
  const milliseconds = performance.now() - startedAt;
  options.metrics.observe(route.operation.id, outcome ?? String(response.status), milliseconds / 1000);
  logRequest(options.log, exchange, response.status, milliseconds);
  return response;
}

async function run(exchange: Exchange, options: PipelineOptions): Promise<Outcome> {
  const { services } = options;
  const { route, request } = exchange;
  const { operation } = route;
  if (operation.access === 'public') return withoutCaller(route);

  const uncredentialed = refuseMissingCredential(request.headers.authorization);
  if (uncredentialed) return uncredentialed;
  const body = parseBody(operation, request.headers['content-type'], request.body);
  if (body instanceof Refusal) return body;

  const caller = await authenticate(request.headers.authorization ?? '', services.lookups, exchange.now);
  if (caller instanceof Refusal) return caller;
  exchange.caller = caller;
  const limited = await limitWorkspace(caller.workspace, services.counters, exchange.now);
  if (limited instanceof Refusal) return limited;
  exchange.limitHeaders = limited;

  const context = contextOf(exchange, caller, options);
  const perform = (inner: Context) => locateAuthoriseAct(route, caller, inner, body.input);
  switch (operation.mode) {
    case 'read':
      return services.storage.read((store) => perform({ ...context, store } as ReadContext));
    case 'write':
      return transact(context, perform);
    case 'spend':
      return perform(context);
  }
}

async function locateAuthoriseAct(
  { operation, handler }: Route,
  caller: Authenticated,
  context: Context,
  input: unknown,
): Promise<Outcome> {
  // The validator has made sure that the input is the operation's; its context is the one of its mode.
  const [typedContext, typedInput] = [context as WriteContext, input as never];
  const located = await handler.locate(typedContext, typedInput);
  if (located instanceof Refusal) return located;
  const denial = located === concealed ? concealed : authorise(operation.access, caller.grants, located);
  if (denial === concealed) return handler.conceal?.() ?? {};
  if (denial !== null || located === concealed) return denial ?? {};
  return handler.act(typedContext, typedInput, located);
}

async function withoutCaller({ handler }: Route): Promise<Outcome> {
  return handler.conceal?.() ?? {};
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

function respondAnswer({ route, request, requestId }: Exchange, answer: Answer<unknown>): HttpResponse {
  const { data, pagination } = answer;
  const isAliased = route.operation.hasCreditsAlias && readsCreditsAlias(request.headers['user-agent']);
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
  requestId: string,
  operation: string,
  accept?: string,
): HttpResponse {
  log.error({ requestId, operation, ...errorFields(error) }, 'request failed');
  if (error instanceof StorageUnavailableError) {
    return respondRefusal(refuse('unkey/application/service_unavailable', error.message), requestId, accept);
  }
  const detail = `The request failed for a reason that lies with the server. Its log names ${requestId}.`;
  return respondRefusal(refuse('unkey/application/unexpected_error', detail), requestId, accept);
}

function logRequest(
  log: Log,
  { route, requestId, caller }: Exchange,
  status: number,
  milliseconds: number,
): void {
  const level = route.operation.mode === 'spend' ? 'debug' : 'info';
  if (!log.isLevelEnabled(level)) return;
  log[level](
    {
      requestId,
      operation: route.operation.id,
      status,
      milliseconds: Math.round(milliseconds * 100) / 100,
      workspaceId: caller?.workspace.id,
      rootKeyId: caller?.rootKey.id,
    },
    'request',
  );
}
