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

/** What the peer does with a request. */
export type Step = (socket: Socket) => void;

/** A server that answers as told, byte by byte, however wrong that is. */
export interface ScriptedPeer {
  readonly url: string;
  readonly port: number;
  /** Everything that has arrived since the last `plays`. */
  readonly requests: readonly Arrived[];
  /** The bodies of `requests`, parsed. */
  bodies(): unknown[];
  /** One step a request; the last one goes on for ever. */
  plays(...steps: readonly [Step, ...Step[]]): void;
  /** Ends once so many requests have arrived since the last `plays`. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startPeer(): Promise<ScriptedPeer> {
  let requests: Arrived[] = [];
  let steps: readonly Step[] = [answer(500, 'The peer has no script.')];
  let waiting: { count: number; resolve: () => void }[] = [];
  const sockets = new Set<Socket>();

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('close', () => sockets.delete(socket));
    // A client that gives up resets the connection: that is for the tests to see, not for the peer.
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

/** A whole answer; a body that is no text and no bytes is sent as JSON. */
export function answer(
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

/** As the service answers. */
export function ok(data: unknown = {}, headers: Readonly<Record<string, string>> = {}): Step {
  return answer(200, { meta: { requestId: 'req_peer' }, data }, { ...json, ...headers });
}

/** One page of a list, as the service answers. */
export function page(data: unknown, pagination: unknown): Step {
  return answer(200, { meta: { requestId: 'req_peer' }, data, pagination });
}

/** As the service refuses. */
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
  return answer(status, body, { 'content-type': 'application/problem+json', ...headers });
}

/** No body and no length: 204. */
export const noContent: Step = (socket) => {
  socket.write('HTTP/1.1 204 No Content\r\n\r\n');
};

/** The connection is lost before anything is answered. */
export const reset: Step = (socket) => {
  socket.resetAndDestroy();
};

/** The connection is lost after the headers. */
export const resetAfterHead: Step = (socket) => {
  socket.write(head(200, { ...json, 'content-length': '1000' }), () => socket.resetAndDestroy());
};

/** Fewer bytes than the length says, then the end. */
export const halfAnswer: Step = (socket) => {
  socket.end(`${head(200, { ...json, 'content-length': '1000' })}{"meta":{"requestId":"req_half"`);
};

/** Nothing at all, for ever. */
export const stall: Step = () => {};

/** Headers, and a body that goes on for ever. */
export const endlessBody: Step = (socket) => {
  socket.write(head(200, { ...json, 'transfer-encoding': 'chunked' }));
  const timer = setInterval(() => socket.write('1\r\n \r\n'), 5);
  socket.once('close', () => clearInterval(timer));
};

/** A body that comes in so many pieces. */
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
