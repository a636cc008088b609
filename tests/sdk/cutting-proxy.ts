import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * Where a connection is lost: before anything is passed on, once so many bytes of the request have been, or after so
 * many bytes of the answer. `never`: it is not.
 */
export type Cut = { readonly at: 'never' } | { readonly at: 'request' | 'answer'; readonly bytes: number };

/** Passes connections on to a service, and loses them where it is told to. */
export interface CuttingProxy {
  readonly url: string;
  /** One cut a connection; without any left, none. */
  cuts(...next: readonly Cut[]): void;
  /** Connections that were lost since the last `cuts`. */
  readonly lost: number;
  close(): Promise<void>;
}

export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let cuts: Cut[] = [];
  let lost = 0;

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const cut = cuts.shift() ?? { at: 'never' };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.end();
      });
    }
    function lose(): void {
      lost += 1;
      client.resetAndDestroy();
    }
    let asked = 0;
    client.on('data', (chunk) => {
      const rest = cut.at === 'request' ? Math.max(0, cut.bytes - asked) : chunk.length;
      asked += chunk.length;
      upstream.write(chunk.subarray(0, rest));
      if (cut.at === 'request' && asked >= cut.bytes && !client.destroyed) lose();
    });
    let answered = 0;
    upstream.on('data', (chunk) => {
      if (client.destroyed) return;
      const rest = cut.at === 'answer' ? Math.max(0, cut.bytes - answered) : chunk.length;
      answered += chunk.length;
      if (rest > 0) client.write(chunk.subarray(0, rest));
      if (cut.at === 'answer' && answered >= cut.bytes) lose();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: own } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${own}`,
    cuts(...next) {
      // A connection that is kept alive has been dealt its cut: the next request is to be a new one.
      for (const socket of sockets) socket.destroy();
      cuts = [...next];
      lost = 0;
    },
    get lost() {
      return lost;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
