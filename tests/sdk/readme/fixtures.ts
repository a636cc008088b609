import { createServer } from 'node:http';
import { connect } from 'node:net';
import { Unkey } from 'unkey-ts';
import type { Service } from '../../service.ts';

/** Variables that the examples use, as the README's first section says. */
export interface Fixtures {
  readonly unkey: Unkey;
  readonly apiId: string;
  readonly keyId: string;
  /** It has the permission `documents.read` and 100 credits. */
  readonly key: string;
  /** The owner of the key. */
  readonly userId: string;
  /** A request that carries the key. */
  readonly request: Request;
}

/** Creates a workspace for one example; the environment has its root key. */
export async function createFixtures(service: Service): Promise<Fixtures> {
  const { rootKey } = await service.newWorkspace();
  process.env.UNKEY_SERVER_URL = service.url;
  process.env.UNKEY_ROOT_KEY = rootKey;
  const unkey = new Unkey();
  const userId = 'user_1';
  const { apiId } = (await unkey.apis.createApi({ name: 'documents' })).data;
  const { keyId, key } = (
    await unkey.keys.createKey({
      apiId,
      externalId: userId,
      permissions: ['documents.read'],
      credits: { remaining: 100 },
    })
  ).data;
  const request = new Request('http://127.0.0.1/documents', { headers: { authorization: `Bearer ${key}` } });
  return { unkey, apiId, keyId, key, userId, request };
}

/** A local proxy that forwards everything. */
export async function startProxy(): Promise<{ url: string; close(): void }> {
  const proxy = createServer();
  proxy.on('connect', ({ url = '' }, client) => {
    const { hostname, port } = new URL(`http://${url}`);
    const target = connect(Number(port), hostname, () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  if (typeof address !== 'object' || address === null) throw new Error('The proxy does not listen.');
  return { url: `http://127.0.0.1:${address.port}`, close: () => proxy.close() };
}

interface SpanOptions {
  readonly startTime: number;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** The part of OpenTelemetry's tracer that an example uses. `ended`: the ended spans with their attributes. */
export function tracer() {
  const ended: string[] = [];
  const started: SpanOptions[] = [];
  return {
    ended,
    started,
    startSpan(name: string, options: SpanOptions) {
      started.push(options);
      const status = options.attributes['http.response.status_code'];
      return { end: () => ended.push(`${name} ${status}`) };
    },
  };
}
