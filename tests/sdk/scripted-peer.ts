import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A request as it arrived. */
export interface Arrived {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The action of the peer for one request. */
export type Step = (socket: Socket) => void;

/** A server that plays a script of responses, byte by byte, also malformed ones. */
export interface ScriptedPeer {
  readonly url: string;
  readonly port: number;
  /** Everything that has arrived since the last `plays`. */
  readonly requests: readonly Arrived[];
  /** The bodies of `requests`, parsed. */
  bodies(): unknown[];
  /** One step per request; the last one is repeated. */
  plays(...steps: readonly [Step, ...Step[]]): void;
  /** Resolves once this many requests have arrived since the last `plays`. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startPeer(): Promise<ScriptedPeer> {
  let requests: Arrived[] = [];
  let steps: readonly Step[] = [respond(500, 'The peer has no script.')];
  let waiting: { count: number; resolve: () => void }[] = [];
  const sockets = new Set<Socket>();

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('close', () => sockets.delete(socket));
    // A client that aborts resets the connection: the tests check that, the peer ignores it.
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const parsed = parse(received);
      if (parsed === undefined) return;
      received = received.subarray(parsed.length);
      requests.push(parsed.request);
      const step = steps[Math.min(requests.length, steps.length) - 1];
      step?.(socket);
      for (const { count, resolve } of waiting) if (requests.length >= count) resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get requests() {
      return requests;
    },
    bodies: () => requests.map(({ body }) => JSON.parse(body)),
    plays(...next) {
      steps = next;
      requests = [];
      waiting = [];
    },
    arrived: (count) =>
      new Promise((resolve) => {
        waiting.push({ count, resolve });
        if (requests.length >= count) resolve();
      }),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function parse(bytes: Buffer): { request: Arrived; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [start = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const [method = '', path = ''] = start.split(' ');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const length = headEnd + 4 + Number(headers['content-length'] ?? 0);
  if (bytes.length < length) return undefined;
  const body = bytes.subarray(headEnd + 4, length).toString('utf8');
  return { request: { method, path, headers, body }, length };
}

const json = { 'content-type': 'application/json' };

/** A complete response; a body that is neither a string nor bytes is sent as JSON. */
export function respond(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = json,
): Step {
  const bytes = bytesOf(body);
  return (socket) => {
    const start = head(status, { ...headers, 'content-length': String(bytes.length) });
    socket.write(Buffer.concat([Buffer.from(start), bytes]));
  };
}

/** A successful response of the service. */
export function ok(data: unknown = {}, headers: Readonly<Record<string, string>> = {}): Step {
  return respond(200, { meta: { requestId: 'req_peer' }, data }, { ...json, ...headers });
}

/** One page of a list, as the service sends it. */
export function page(data: unknown, pagination: unknown): Step {
  return respond(200, { meta: { requestId: 'req_peer' }, data, pagination });
}

/** An error response of the service. */
export function refusal(
  status: number,
  error: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Step {
  const body = {
    meta: { requestId: 'req_peer' },
    error: {
      title: 'A title',
      detail: 'What went wrong.',
      status,
      type: 'https://unkey.com/docs/errors/unkey/data/key_not_found',
      ...error,
    },
  };
  return respond(status, body, { 'content-type': 'application/problem+json', ...headers });
}

/** No body and no length: 204. */
export const noContent: Step = (socket) => {
  socket.write('HTTP/1.1 204 No Content\r\n\r\n');
};

/** The connection is reset before the response. */
export const reset: Step = (socket) => {
  socket.resetAndDestroy();
};

/** The connection is reset after the headers. */
export const resetAfterHead: Step = (socket) => {
  socket.write(head(200, { ...json, 'content-length': '1000' }), () => socket.resetAndDestroy());
};

/** Fewer bytes than `Content-Length`, then the end of the connection. */
export const halfResponse: Step = (socket) => {
  socket.end(`${head(200, { ...json, 'content-length': '1000' })}{"meta":{"requestId":"req_half"`);
};

/** No response, and the connection stays open. */
export const stall: Step = () => {};

/** Headers, and a body that never ends. */
export const endlessBody: Step = (socket) => {
  socket.write(head(200, { ...json, 'transfer-encoding': 'chunked' }));
  const timer = setInterval(() => socket.write('1\r\n \r\n'), 5);
  socket.once('close', () => clearInterval(timer));
};

/** A body that arrives in this many pieces. */
export function slowBody(body: unknown, pieces: number): Step {
  const bytes = bytesOf(body);
  const size = Math.ceil(bytes.length / pieces);
  return (socket) => {
    socket.write(head(200, { ...json, 'content-length': String(bytes.length) }));
    let sent = 0;
    const timer = setInterval(() => {
      socket.write(bytes.subarray(sent, sent + size));
      sent += size;
      if (sent >= bytes.length) clearInterval(timer);
    }, 1);
    socket.once('close', () => clearInterval(timer));
  };
}

function bytesOf(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function head(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Played\r\n${lines.join('')}\r\n`;
}

/** A port on which nobody listens. */
export async function refusedURL(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
