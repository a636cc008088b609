import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** A plain load balancer. */
export interface RoundRobin {
  readonly url: string;
  close(): Promise<void>;
}

export interface RoundRobinOptions {
  /** Whether a server that is not ready gets no requests. Default false. */
  readonly checksHealth?: boolean;
}

const checkIntervalMs = 100;

/**
 * Gives each request to the next server. A refused connection has carried nothing, so the request goes to the server
 * after that; every other failure is a 502 for the client.
 */
export async function startRoundRobin(
  ports: readonly number[],
  { checksHealth = false }: RoundRobinOptions = {},
): Promise<RoundRobin> {
  // Like every load balancer, it keeps connections: a server that stops must not end one that is about to be used.
  const agent = new Agent({ keepAlive: true });
  const unready = new Set<number>();
  let turn = 0;
  const isClosed = new AbortController();
  const checks = checksHealth ? Promise.all(ports.map(check)) : undefined;

  async function check(port: number): Promise<void> {
    while (!isClosed.signal.aborted) {
      if (await isReady(port)) unready.delete(port);
      else unready.add(port);
      await pause(checkIntervalMs, undefined, { signal: isClosed.signal }).catch(() => {});
    }
  }

  const server = createServer({ keepAliveTimeout: 0 }, (incoming, outgoing) => {
    forward(incoming, outgoing).catch((error: NodeJS.ErrnoException) => {
      outgoing.writeHead(502, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify({ error: { detail: error.code ?? error.message } }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port was given.');

  async function forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    const first = turn++;
    const ready = ports.filter((port) => !unready.has(port));
    const targets = ready.length > 0 ? ready : ports;
    for (let attempt = 0; ; attempt++) {
      const port = targets[(first + attempt) % targets.length];
      try {
        const response = await send(port, incoming, body);
        const text = await bodyOf(response);
        const { connection: _, 'transfer-encoding': __, ...headers } = response.headers;
        outgoing.writeHead(response.statusCode ?? 502, headers);
        outgoing.end(text);
        return;
      } catch (error) {
        const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
        if (!isRefused || attempt + 1 === targets.length) throw error;
      }
    }
  }

  function send(
    port: number | undefined,
    { method, url, headers }: IncomingMessage,
    body: Buffer,
  ): Promise<IncomingMessage> {
    const { connection: _, 'transfer-encoding': __, ...kept } = headers;
    return new Promise((resolve, reject) => {
      const sent = request({ agent, host: '127.0.0.1', port, method, path: url, headers: kept }, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
  }

  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      isClosed.abort();
      await checks;
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await once(server, 'close');
    },
  };
}

async function isReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part);
  return Buffer.concat(parts);
}
