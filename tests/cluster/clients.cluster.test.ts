import { Unkey } from '@unkey/api';
import {
  createRootKey,
  createWorkspace,
  loadConfig,
  openStorage,
  randomIds,
  systemClock,
} from '@unkey-ts/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Arranged, arrange, type ClientOperation, calls } from '../clients/unkey-api-calls.ts';
import { type Cluster, startCluster } from './cluster.ts';

const ids = Object.keys(calls) as ClientOperation[];
const makers = { ids: randomIds(), clock: systemClock };

let cluster: Cluster;
let opened: Awaited<ReturnType<typeof openStorage>>;
beforeAll(async () => {
  cluster = await startCluster();
  opened = await openStorage(loadConfig({ flags: {}, env: cluster.parts.env, cwd: '/' }));
});
afterAll(async () => {
  await opened.storage.close();
  await cluster.close();
});

/** A separate workspace, created as the command line does: outside the processes that serve it. */
async function newWorld(): Promise<{ client: Unkey; arranged: Arranged }> {
  const migrationId = makers.ids.id('migration');
  const now = Date.now();
  const rootKey = await opened.storage.write(async (store) => {
    const { id } = await createWorkspace(store, makers, 'Clients');
    await store.migrations.create(id, {
      id: migrationId,
      name: 'tests',
      algorithm: 'sha256',
      createdAt: now,
    });
    return (await createRootKey(store, makers, { workspaceId: id, name: 'tests' })).key;
  });
  const client = new Unkey({ rootKey, serverURL: cluster.balancer.url, retryConfig: { strategy: 'none' } });
  return { client, arranged: await arrange(client, { now, migrationId }) };
}

interface ClientResponse {
  readonly meta: { readonly requestId: string };
  readonly data?: unknown;
}

async function callClient(client: Unkey, id: ClientOperation, request: unknown): Promise<ClientResponse> {
  const [resource = '', name = ''] = id.split('.');
  const methods: object = Reflect.get(client, resource);
  // The table of calls gives each operation the request that the client's types ask for.
  const response = (await Reflect.get(methods, name).call(methods, request)) as
    | ClientResponse
    | { readonly result: ClientResponse };
  return 'result' in response ? response.result : response;
}

/** Replaces times, because the clock of the processes runs. */
function asOf(now: number, data: unknown): unknown {
  const told: Readonly<Record<string, number>> = { createdAt: now, reset: now + 60_000 };
  return JSON.parse(JSON.stringify(data), (name, value) => {
    if (!(name in told)) return value;
    expect(Math.abs(value - now)).toBeLessThan(120_000);
    return told[name];
  });
}

test.each(ids)('the published client accepts the response of three processes to %s', async (id) => {
  const { client, arranged } = await newWorld();
  const { request, data }: { request(of: Arranged): unknown; data?: (of: Arranged) => unknown } = calls[id];
  const response = await callClient(client, id, request(arranged));
  expect(response.meta.requestId).toMatch(/^req_[a-zA-Z0-9]+$/);
  if (data) expect(asOf(arranged.now, response.data)).toEqual(data(arranged));
});
