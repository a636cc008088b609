import { createServer, type Server } from 'node:http';
import { type AddressInfo, type Socket, Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { freeBodyBytes, type TransportFailure } from '../../base/http-message.ts';
import { BodyBudget } from '../body-budget.ts';
import { type Listener, type ListenerOptions, listenError, urlOf } from '../listener.ts';
import { RequestRunner } from '../request-runner.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { createFastPath, type FastPath } from './fast-path.ts';
import { keepAliveMs } from './write-response.ts';

export interface NodeListenerOptions extends ListenerOptions {
  /** How long a whole request may take to arrive, in milliseconds. Default 60,000. */
  requestTimeoutMs?: number;
  /** How long a client may read nothing of its response, in milliseconds. Default 30,000. */
  sendTimeoutMs?: number;
  /** Whether common requests are parsed without node:http. Default true; every response is the same either way. */
  hasFastPath?: boolean;
}

const timeoutCheckMs = 1000;
const idleCheckMs = 50;
const quietTurnsMax = 20;
const headBytesMax = 65_536;

/** The listener on node:http, with the fast path in front of it. */
export function createNodeListener(options: NodeListenerOptions): Listener {
  return new NodeListener(options);
}

class NodeListener implements Listener {
  readonly #server: Server;
  readonly #runner: RequestRunner;
  readonly #connectionOptions: ConnectionOptions;
  readonly #fastPath: FastPath | undefined;
  readonly #connections = new Map<Duplex, Connection>();
  readonly #drainDelayMs: number;
  readonly #drainGraceMs: number;
  #served = 0;
  #isDraining = false;
  #drained: Promise<void> | undefined;

  constructor(options: NodeListenerOptions) {
    const { maxBodyBytes = freeBodyBytes } = options;
    this.#runner = new RequestRunner(options);
    this.#connectionOptions = {
      handle: (request) => this.#runner.run(request),
      failure: options.failure,
      isDraining: () => this.#isDraining,
      maxBodyBytes,
      admitBody: options.admitBody ?? (() => maxBodyBytes),
      bodies: new BodyBudget(options.bodyBounds),
      bodyTimeoutMs: options.bodyTimeoutMs ?? 10_000,
      sendTimeoutMs: options.sendTimeoutMs ?? 30_000,
    };
    this.#drainDelayMs = options.drainDelayMs ?? 0;
    this.#drainGraceMs = options.drainGraceMs ?? 10_000;
    this.#server = this.#createServer(options.requestTimeoutMs ?? 60_000);
    this.#fastPath = this.#openFastPath(options.hasFastPath ?? true);
  }

  listen(host: string, port: number): Promise<{ url: string; port: number }> {
    return new Promise((resolve, reject) => {
      const onError = (cause: NodeJS.ErrnoException) => reject(listenError(host, port, cause));
      this.#server.once('error', onError);
      this.#server.listen(port, host, () => {
        this.#server.off('error', onError);
        // A TCP server that listens has this kind of address.
        const address = this.#server.address() as AddressInfo;
        resolve({ url: urlOf(host, address.port), port: address.port });
      });
    });
  }

  drain(): Promise<void> {
    this.#drained ??= this.#close();
    return this.#drained;
  }

  #createServer(requestTimeout: number): Server {
    const server = createServer({
      keepAliveTimeout: keepAliveMs,
      requestTimeout,
      headersTimeout: requestTimeout,
      connectionsCheckingInterval: timeoutCheckMs,
      maxHeaderSize: headBytesMax,
      // Node's own response to a missing Host header is not JSON.
      requireHostHeader: false,
      noDelay: true,
    });
    for (const event of ['request', 'checkContinue', 'checkExpectation'] as const) {
      server.on(event, (request, response) =>
        this.#connections.get(request.socket)?.serve(request, response),
      );
    }
    // All are counted: a second Host must not hide behind many others. The size of the head bounds them.
    server.maxHeadersCount = 0;
    server.on('connect', (_request, socket) => {
      socket.resume();
      this.#fail(socket, 'malformed');
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#fail(socket, failureOf(error)));
    return server;
  }

  /** Connections begin on the fast path: node:http's own listener gets them when they are handed off. */
  #openFastPath(isWanted: boolean): FastPath | undefined {
    const [accept] = this.#server.listeners('connection');
    if (!isWanted || accept === undefined) {
      this.#server.on('connection', (socket: Socket) => this.#add(socket));
      return undefined;
    }
    // This is how the event is emitted.
    this.#server.off('connection', accept as (socket: Socket) => void);
    const fastPath = createFastPath({
      ...this.#connectionOptions,
      handOff: (socket) => {
        this.#add(socket);
        accept.call(this.#server, socket);
      },
    });
    this.#server.on('connection', fastPath.accept);
    return fastPath;
  }

  #add(socket: Socket): void {
    this.#connections.set(socket, new Connection(socket, this.#connectionOptions));
    socket.once('close', () => this.#connections.delete(socket));
  }

  #fail(socket: Duplex, kind: TransportFailure | 'lost'): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) socket.destroy();
    else connection.fail(kind);
  }

  async #close(): Promise<void> {
    if (!this.#server.listening) return;
    if (this.#drainDelayMs > 0) {
      this.#isDraining = true;
      await new Promise((resolve) => setTimeout(resolve, this.#drainDelayMs));
    }
    await this.#readAll();
    // Without a delay only now: for each response that closes a connection, a client opens a new one.
    this.#isDraining = true;
    const stopped = this.#stopAccepting();
    void this.#closeIdle();
    const closeIdle = setInterval(() => void this.#closeIdle(), idleCheckMs);
    const destroyUnfinished = setInterval(() => this.#destroyUnfinished(), this.#drainGraceMs);
    await stopped;
    clearInterval(closeIdle);
    clearInterval(destroyUnfinished);
    await this.#runner.idle();
  }

  async #closeIdle(): Promise<void> {
    await this.#readAll();
    this.#fastPath?.closeIdle();
    this.#server.closeIdleConnections();
    for (const connection of this.#connections.values()) connection.destroyIfUnused();
  }

  /** Waits for a turn of the event loop in which nothing arrives: behind it no request is waiting unread. */
  async #readAll(): Promise<void> {
    for (let turn = 0; turn < quietTurnsMax; turn++) {
      const reads = this.#reads();
      await nextTurn();
      if (this.#reads() === reads) return;
    }
  }

  #reads(): number {
    return this.#served + (this.#fastPath?.reads() ?? 0);
  }

  // The HTTP server's own `close` would destroy idle connections at once; it comes last, to end its timeout checks.
  async #stopAccepting(): Promise<void> {
    await new Promise<void>((resolve) => {
      TcpServer.prototype.close.call(this.#server, () => resolve());
    });
    this.#server.close();
  }

  #destroyUnfinished(): void {
    this.#fastPath?.destroyUnlessRunning();
    for (const connection of this.#connections.values()) connection.destroyUnlessRunning();
  }
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
