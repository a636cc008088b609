import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * Where a connection is cut: after this many bytes of the request or of the response have been forwarded. `never`: it is
 * not cut.
 */
export type Cut = { readonly at: 'never' } | { readonly at: 'request' | 'response'; readonly bytes: number };

/** A proxy in front of a service that cuts connections at given places. */
export interface CuttingProxy {
  readonly url: string;
  /** One cut per connection; later connections are not cut. */
  cuts(...next: readonly Cut[]): void;
  /** Connections that were cut since the last `cuts`. */
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
    let received = 0;
    upstream.on('data', (chunk) => {
      if (client.destroyed) return;
      const rest = cut.at === 'response' ? Math.max(0, cut.bytes - received) : chunk.length;
      received += chunk.length;
      if (rest > 0) client.write(chunk.subarray(0, rest));
      if (cut.at === 'response' && received >= cut.bytes) lose();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: own } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${own}`,
    cuts(...next) {
      // Each connection has one cut, so the next request must open a new connection.
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
