import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** A load balancer as plain as can be: it knows nothing of who lives. */
export interface RoundRobin {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Gives each request to the next port. A connection that is refused has carried nothing, so then it is the turn of the
 * one after; whatever else goes wrong is the client's to know, as 502.
 */
export async function startRoundRobin(ports: readonly number[]): Promise<RoundRobin> {
  // Connections are kept, as every balancer does: whoever stops must end them without losing what comes in.
  const agent = new Agent({ keepAlive: true });
  let turn = 0;

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
    for (let attempt = 0; ; attempt++) {
      const port = ports[(first + attempt) % ports.length];
      try {
        const answer = await send(port, incoming, body);
        const answered = await bodyOf(answer);
        const { connection: _, 'transfer-encoding': __, ...headers } = answer.headers;
        outgoing.writeHead(answer.statusCode ?? 502, headers);
        outgoing.end(answered);
        return;
      } catch (error) {
        const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
        if (!isRefused || attempt + 1 === ports.length) throw error;
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
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await once(server, 'close');
    },
  };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part);
  return Buffer.concat(parts);
}
