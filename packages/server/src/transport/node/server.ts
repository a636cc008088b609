import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, type Socket, Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  bodyBytesMax,
  type HttpRequest,
  type HttpResponse,
  type TransportFailure,
} from '../../base/http-message.ts';
import type { MaybePromise } from '../../base/maybe-promise.ts';
import { type Edge, type EdgeOptions, listenError, urlOf } from '../listener.ts';
import { createPlainLane, type PlainLane } from './fast-path.ts';
import { type BodyReading, type BodyResult, declaredBody, readBody } from './read-body.ts';
import { keepAliveMs, writeAnswer } from './write-response.ts';

export interface NodeServerOptions extends EdgeOptions {
  /** How long a whole request may take to arrive. Default 60,000. */
  requestTimeoutMs?: number;
  /** Whether plain requests are read without node:http. Default true; every answer is the same either way. */
  hasPlainLane?: boolean;
}

interface Pending {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface Connection {
  /** Requests without a finished answer. */
  unanswered: number;
  /** Requests whose handler runs. */
  running: number;
  /** The request whose body is arriving: what goes wrong on the connection goes wrong with it. */
  reading: BodyReading | undefined;
  /** Requests behind that one: whether it is the connection's last shows only once it is taken in. */
  waiting: Pending[];
  /** Why the connection ends once the answers before are out. */
  brokenBy: TransportFailure | undefined;
  /** Its last answer is on the way: what still arrives is not read as a request. */
  isEnding: boolean;
}

const lingerMs = 2000;
const timeoutCheckMs = 1000;

export function createNodeServer(options: NodeServerOptions): Edge {
  const { handle, failure, maxBodyBytes = bodyBytesMax, bodyTimeoutMs = 10_000 } = options;
  const { requestTimeoutMs = 60_000, drainGraceMs = 10_000, idleGraceMs = 2000 } = options;
  const { hasPlainLane = true } = options;
  const connections = new Map<Duplex, Connection>();
  let isDraining = false;
  let running = 0;
  let onIdle: (() => void) | undefined;

  const server = createServer({
    keepAliveTimeout: keepAliveMs,
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    connectionsCheckingInterval: timeoutCheckMs,
    // Node's own answer to a missing Host header is not JSON.
    requireHostHeader: false,
    noDelay: true,
  });
  const lane = hasPlainLane ? openPlainLane() : undefined;
  server.on('connection', lane?.accept ?? watch);
  server.on('request', serve);
  server.on('checkContinue', serve);
  server.on('checkExpectation', serve);
  server.on('connect', (_request, socket) => {
    socket.resume();
    breakConnection(socket, 'malformed');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    breakConnection(socket, failureOf(error)),
  );

  // Connections begin in the lane: node:http's own listener gets them when they leave it.
  function openPlainLane(): PlainLane | undefined {
    const [accept] = server.listeners('connection');
    if (accept === undefined) return undefined;
    // This is how the event is emitted.
    server.off('connection', accept as (socket: Socket) => void);
    return createPlainLane({
      run,
      leave(socket) {
        watch(socket);
        accept.call(server, socket);
      },
      isDraining: () => isDraining,
      maxBodyBytes,
    });
  }

  function watch(socket: Socket): void {
    connections.set(socket, {
      unanswered: 0,
      running: 0,
      reading: undefined,
      waiting: [],
      brokenBy: undefined,
      isEnding: false,
    });
    socket.once('close', () => connections.delete(socket));
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const connection = connections.get(request.socket);
    if (connection === undefined || connection.isEnding) return;
    connection.unanswered++;
    response.on('close', () => {
      connection.unanswered--;
      endIfBroken(request.socket, connection);
    });
    if (connection.reading === undefined) begin(request, response, connection);
    else connection.waiting.push({ request, response });
  }

  function begin(request: IncomingMessage, response: ServerResponse, connection: Connection): void {
    if (connection.isEnding) return;
    const body = lacksHost(request) ? 'malformed' : declaredBody(request, maxBodyBytes);
    if (connection.brokenBy !== undefined && !request.complete) {
      refuse(request, response, connection.brokenBy);
    } else if (body === undefined) read(request, response, connection);
    else answer(request, response, connection, body);
  }

  function read(request: IncomingMessage, response: ServerResponse, connection: Connection): void {
    const limits = { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs };
    connection.reading = readBody(request, limits, (body) => {
      connection.reading = undefined;
      answer(request, response, connection, body);
      beginWaiting(connection);
    });
    if (request.headers.expect !== undefined) response.writeContinue();
  }

  function beginWaiting(connection: Connection): void {
    while (connection.reading === undefined) {
      const next = connection.waiting.shift();
      if (next === undefined) return;
      begin(next.request, next.response, connection);
    }
  }

  function answer(
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
    body: BodyResult,
  ): void {
    if (body === 'aborted') return;
    if (typeof body === 'string') {
      refuse(request, response, body);
      return;
    }
    const answered = run(toHttpRequest(request, body));
    if (answered instanceof Promise) {
      connection.running++;
      answered.then((late) => {
        connection.running--;
        respond(response, late);
      });
    } else respond(response, answered);
  }

  function respond(response: ServerResponse, answered: HttpResponse): void {
    if (isDraining) response.shouldKeepAlive = false;
    try {
      send(response, answered);
    } catch {
      response.destroy();
    }
  }

  // The pipeline answers its own faults; a client must not wait forever should it ever fail to.
  function run(request: HttpRequest): MaybePromise<HttpResponse> {
    try {
      const answer = handle(request);
      return answer instanceof Promise ? awaitRunning(answer) : answer;
    } catch {
      return faultAnswer();
    }
  }

  async function awaitRunning(answer: Promise<HttpResponse>): Promise<HttpResponse> {
    running++;
    try {
      return await answer;
    } catch {
      return faultAnswer();
    } finally {
      running--;
      if (running === 0) onIdle?.();
    }
  }

  // The rest of the request is not read, so the connection cannot be used again.
  function refuse(request: IncomingMessage, response: ServerResponse, kind: TransportFailure): void {
    const { socket } = request;
    const connection = connections.get(socket);
    if (connection !== undefined) connection.isEnding = true;
    response.shouldKeepAlive = false;
    // Node destroys the socket behind the last answer. With unread bytes that is a reset, which can overtake the answer.
    socket.destroySoon = () => endGently(socket);
    send(response, failure(kind, request.headers.accept));
  }

  function breakConnection(socket: Duplex, kind: TransportFailure | 'lost'): void {
    const connection = connections.get(socket);
    if (connection === undefined || kind === 'lost' || !socket.writable) {
      socket.destroy();
      return;
    }
    if (connection.isEnding || connection.brokenBy !== undefined) return;
    if (connection.reading?.hasArrived() === false) {
      connection.reading.fail(kind);
      return;
    }
    connection.brokenBy = kind;
    endIfBroken(socket, connection);
  }

  // Answers leave in the order of their requests: the one about the broken bytes is the last.
  function endIfBroken(socket: Duplex, connection: Connection): void {
    if (connection.brokenBy === undefined || connection.unanswered > 0 || connection.isEnding) return;
    connection.isEnding = true;
    if (!socket.writable) return;
    writeAnswer(socket, failure(connection.brokenBy), 'close');
    endGently(socket);
  }

  function listen(host: string, port: number): Promise<{ url: string; port: number }> {
    return new Promise((resolve, reject) => {
      const onError = (cause: NodeJS.ErrnoException) => reject(listenError(host, port, cause));
      server.once('error', onError);
      server.listen(port, host, () => {
        server.off('error', onError);
        // A TCP server that listens has this kind of address.
        const address = server.address() as AddressInfo;
        resolve({ url: urlOf(host, address.port), port: address.port });
      });
    });
  }

  async function close(): Promise<void> {
    isDraining = true;
    if (!server.listening) return;
    const closeIdle = setInterval(closeConnectionsAtRest, idleGraceMs);
    const cut = setInterval(cutUnfinished, drainGraceMs);
    await stopAccepting();
    clearInterval(closeIdle);
    clearInterval(cut);
    // A client that left does not stop its request.
    if (running > 0) {
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    }
  }

  // The next answer on a connection ends it with a goodbye: a balancer that goes on using the connections it has uses
  // them up. Those that are left are at rest, and nobody is likely to be sending on one just now. What has arrived
  // unnoticed would be lost: it is taken in first.
  function closeConnectionsAtRest(): void {
    setImmediate(() => {
      lane?.closeIdle();
      server.closeIdleConnections();
    });
  }

  // The HTTP server's own `close` would destroy idle connections at once; it is called last, to end its timeout checks.
  async function stopAccepting(): Promise<void> {
    await new Promise<void>((resolve) => {
      TcpServer.prototype.close.call(server, () => resolve());
    });
    server.close();
  }

  function cutUnfinished(): void {
    lane?.cut();
    for (const [socket, connection] of connections) {
      if (connection.running === 0) socket.destroy();
    }
  }

  let drained: Promise<void> | undefined;
  function drain(): Promise<void> {
    drained ??= close();
    return drained;
  }

  return { listen, drain };
}

function faultAnswer(): HttpResponse {
  return { status: 500, headers: {}, body: '' };
}

function lacksHost(request: IncomingMessage): boolean {
  return request.httpVersion === '1.1' && request.headers.host === undefined;
}

function toHttpRequest(request: IncomingMessage, body: Uint8Array): HttpRequest {
  return {
    method: request.method ?? '',
    path: pathOf(request.url ?? ''),
    // Only `set-cookie` is ever a list here; no request has a use for it.
    headers: request.headers as Record<string, string | undefined>,
    body,
    peer: request.socket.remoteAddress ?? '',
  };
}

// Proxies may send the whole URL instead of its path (RFC 9112, section 3.2.2).
function pathOf(target: string): string {
  const path = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*/i, '');
  const query = path.indexOf('?');
  return query === -1 ? path : path.slice(0, query);
}

function send(response: ServerResponse, { status, headers, body }: HttpResponse): void {
  // A flat list is written as it is; copying the record to add a member costs a microsecond.
  const lines: string[] = ['Content-Length', String(Buffer.byteLength(body))];
  for (const name in headers) lines.push(name, headers[name] ?? '');
  response.writeHead(status, lines);
  response.end(body);
}

// Says goodbye first and takes in what the client still sends, so that it can read the answer.
function endGently(socket: Duplex): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(timer));
}

function failureOf(error: NodeJS.ErrnoException): TransportFailure | 'lost' {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'read_timeout';
    case 'HPE_HEADER_OVERFLOW':
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'headers_too_large';
    default:
      return error.code?.startsWith('HPE_') ? 'malformed' : 'lost';
  }
}
