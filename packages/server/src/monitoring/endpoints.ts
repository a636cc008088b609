import type { HttpResponse } from '../base/http-message.ts';
import type { CountersStatus } from '../counters/port.ts';
import type { Lookups } from '../storage/lookups.ts';
import type { Storage } from '../storage/port/storage.ts';
import type { ApiDocument } from './api-document.ts';
import type { Metrics } from './metrics.ts';

export interface PageSources {
  readonly storage: Storage;
  readonly lookups: Pick<Lookups, 'isServingStale'>;
  /** Null: they are in this process. */
  readonly counters: (() => CountersStatus) | null;
  readonly metrics: Metrics;
  readonly isDraining: () => boolean;
  readonly document: ApiDocument;
}

/** What is served with GET, without root key and envelope. */
export function createPages(sources: PageSources): ReadonlyMap<string, () => Promise<HttpResponse>> {
  return new Map([
    ['/openapi.json', async () => page('application/json', sources.document.json())],
    ['/openapi.yaml', async () => page('application/yaml', await sources.document.yaml())],
    ['/metrics', async () => page(sources.metrics.contentType, await sources.metrics.text())],
    ['/health/live', async () => health(200, { status: 'ok' })],
    ['/health/ready', async () => readiness(sources)],
  ]);
}

async function readiness({ storage, lookups, counters, isDraining }: PageSources): Promise<HttpResponse> {
  if (isDraining()) return health(503, { status: 'shutting down' });
  // No process is better off without them: it stays ready.
  const others = { counters: counters === null || counters().circuit === 'closed' ? 'ok' : 'away' };
  try {
    // Keys that it remembers are verified on. Were all processes to say that they are not ready, nobody would be.
    if (lookups.isServingStale())
      return health(200, { status: 'ok', checks: { database: 'away', ...others } });
    await storage.ping();
    return health(200, { status: 'ok', checks: { database: 'ok', ...others } });
  } catch {
    // The probe asks only whether; the requests that fail log why.
    return health(503, { status: 'fail', checks: { database: 'fail', ...others } });
  }
}

function health(status: number, body: object): HttpResponse {
  return { ...page('application/json', JSON.stringify(body)), status };
}

function page(contentType: string, body: string): HttpResponse {
  return { status: 200, headers: { 'content-type': contentType }, body };
}
