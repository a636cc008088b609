import type { Endpoint, HttpResponse } from '../base/http-message.ts';
import type { MaybePromise } from '../base/maybe-promise.ts';
import type { CountersStatus } from '../counters/port.ts';
import type { Lookups } from '../storage/lookups.ts';
import type { HotStorage } from '../storage/port/storage.ts';
import type { ApiDocument } from './api-document.ts';
import type { Metrics } from './metrics.ts';

export interface EndpointSources {
  readonly storage: HotStorage;
  readonly lookups: Pick<Lookups, 'isServingStale'>;
  /** Null: they are in this process. */
  readonly counters: (() => CountersStatus) | null;
  readonly metrics: Metrics;
  readonly isDraining: () => boolean;
  readonly document: ApiDocument;
}

/** The endpoints for operators and tools: no root key is needed, and their responses have no envelope. */
export function createEndpoints(sources: EndpointSources): readonly Endpoint[] {
  const { document, metrics } = sources;
  return [
    get('/openapi.json', () => respond('application/json', document.json())),
    get('/openapi.yaml', async () => respond('application/yaml', await document.yaml())),
    get('/metrics', async () => respond(metrics.contentType, await metrics.text())),
    // The service listens only once it has started.
    get('/health/startup', () => respondHealth(200, { status: 'ok' })),
    get('/health/live', () => respondHealth(200, { status: 'ok' })),
    get('/health/ready', () => respondReadiness(sources)),
  ];
}

function get(path: string, handle: () => MaybePromise<HttpResponse>): Endpoint {
  return { path, method: 'GET', handle };
}

async function respondReadiness({
  storage,
  lookups,
  counters,
  isDraining,
}: EndpointSources): Promise<HttpResponse> {
  if (isDraining()) return respondHealth(503, { status: 'shutting down' });
  // An outage of the counters affects all processes alike: they stay ready.
  const others = { counters: counters === null || counters().circuit === 'closed' ? 'ok' : 'away' };
  try {
    // Cached keys are still verified. If all processes said that they are not ready, no requests would be served.
    if (lookups.isServingStale())
      return respondHealth(200, { status: 'ok', checks: { database: 'away', ...others } });
    await storage.ping();
    return respondHealth(200, {
      status: 'ok',
      checks: { database: storage.isReadOnly?.() ? 'read-only' : 'ok', ...others },
    });
  } catch {
    // The requests that fail log the reason.
    return respondHealth(503, { status: 'fail', checks: { database: 'fail', ...others } });
  }
}

function respondHealth(status: number, body: object): HttpResponse {
  return { ...respond('application/json', JSON.stringify(body)), status };
}

function respond(contentType: string, body: string): HttpResponse {
  return { status: 200, headers: { 'content-type': contentType }, body };
}
