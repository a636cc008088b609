import type { Socket } from 'node:net';
import type { HttpRequest, HttpResponse, ReportFailure } from '../../base/http-message.ts';
import type { MaybePromise } from '../../base/maybe-promise.ts';
import type { BodyBudget, BodyShare } from '../body-budget.ts';
import { type RequestHead, readHead } from './fast-path-head.ts';
import { linger } from './linger.ts';
import { keepAliveMs, writeResponse } from './write-response.ts';

export interface FastPath {
  /** Serves a new connection for as long as its requests are supported. */
  accept(socket: Socket): void;
  /** Closes the connections without a request. */
  closeIdle(): void;
  /** How often a connection or bytes have arrived. */
  reads(): number;
  /** Closes all connections except those whose handler is running. */
  destroyUnlessRunning(): void;
}

export interface FastPathOptions {
  /** Neither throws nor rejects. */
  handle(request: HttpRequest): MaybePromise<HttpResponse>;
  readonly failure: ReportFailure;
  /** Takes a connection over for good. Its bytes without a response are emitted right afterwards. */
  handOff(socket: Socket): void;
  /** While true, connections are closed after their responses. */
  isDraining(): boolean;
  readonly maxBodyBytes: number;
  readonly bodies: BodyBudget;
  readonly sendTimeoutMs: number;
}

interface FastPathState extends FastPathOptions {
  readonly connections: Set<FastPathConnection>;
  reads: number;
}

const checkMs = 200;
/** An incomplete request is handed off at the second check that finds it: the timeouts of node:http begin there. */
const incompleteChecks = 2;
const idleChecks = keepAliveMs / checkMs;
const nothing = Buffer.alloc(0);

/**
 * Parses and answers common requests on the bare socket, for about half of what node:http costs. The first request
 * that is not supported hands the connection off to node:http, with all its bytes.
 */
export function createFastPath(options: FastPathOptions): FastPath {
  const connections = new Set<FastPathConnection>();
  const state = { ...options, connections, reads: 0 };
  let checks: NodeJS.Timeout | undefined;

  function check(): void {
    for (const connection of connections) connection.check();
    if (connections.size > 0) return;
    clearInterval(checks);
    checks = undefined;
  }

  return {
    accept(socket) {
      state.reads++;
      connections.add(new FastPathConnection(socket, state));
      checks ??= setInterval(check, checkMs).unref();
    },
    closeIdle() {
      for (const connection of connections) connection.closeIfIdle();
    },
    reads: () => state.reads,
    destroyUnlessRunning() {
      for (const connection of connections) connection.destroyUnlessRunning();
    },
  };
}

class FastPathConnection {
  readonly #socket: Socket;
  readonly #path: FastPathState;
  readonly #peer: string;
  /**
   * `client`: it has to read its responses; meanwhile what arrives is only buffered. `close`: the last response was
   * sent, and what arrives is discarded.
   */
  #waitsFor: 'request' | 'handler' | 'client' | 'close' = 'request';
  /** Bytes of requests that the handler has not been given. */
  #buffered: Buffer = nothing;
  #lastHead: RequestHead | undefined;
  /** Of the budget of bodies; undefined if no request was ever incomplete. */
  #share: BodyShare | undefined;
  #hasEnded = false;
  #checks = 0;

  constructor(socket: Socket, path: FastPathState) {
    this.#socket = socket;
    this.#path = path;
    this.#peer = socket.remoteAddress ?? '';
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('timeout', this.#onTimeout);
    socket.on('error', ignore);
    socket.on('close', this.#onClose);
  }

  check(): void {
    if (this.#waitsFor !== 'request' || this.#socket.destroyed) return;
    this.#checks++;
    if (this.#buffered.length > 0 && this.#checks >= incompleteChecks) this.#handOff(this.#buffered);
    else if (this.#checks > idleChecks) this.#socket.destroy();
  }

  closeIfIdle(): void {
    if (this.#waitsFor === 'request' && this.#buffered.length === 0) this.#socket.destroy();
  }

  destroyUnlessRunning(): void {
    if (this.#waitsFor !== 'handler') this.#socket.destroy();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#path.reads++;
    if (this.#waitsFor === 'close') return;
    if (this.#waitsFor !== 'request') {
      this.#buffered = Buffer.concat([this.#buffered, chunk]);
      this.#socket.pause();
    } else if (this.#buffered.length === 0) {
      this.#checks = 0;
      this.#process(chunk);
    } else this.#process(Buffer.concat([this.#buffered, chunk]));
  };

  /** Handles complete requests, one after the other, and buffers the rest. */
  #process(bytes: Buffer): void {
    this.#share?.release();
    let rest = bytes;
    while (rest.length > 0) {
      const head = readHead(rest, this.#lastHead);
      if (head === 'unsupported' || (head !== 'incomplete' && head.bodyBytes > this.#path.maxBodyBytes)) {
        this.#handOff(rest);
        return;
      }
      if (head === 'incomplete' || rest.length < head.text.length + head.bodyBytes) {
        this.#awaitRest(rest, head);
        return;
      }
      this.#lastHead = head;
      const end = head.text.length + head.bodyBytes;
      const response = this.#path.handle({
        method: 'POST',
        path: head.path,
        headers: head.headers,
        body: rest.subarray(head.text.length, end),
        peer: this.#peer,
      });
      rest = rest.length === end ? nothing : rest.subarray(end);
      this.#buffered = rest;
      if (response instanceof Promise) {
        this.#waitsFor = 'handler';
        response.then(this.#onResponse);
        return;
      }
      if (!this.#respond(response)) return;
    }
    this.#buffered = nothing;
    this.#resume();
    if (this.#hasEnded) this.#socket.end();
  }

  /** Only while no complete request is buffered: a client that sends faster than it reads would fill the memory. */
  #resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  #awaitRest(bytes: Buffer, head: RequestHead | 'incomplete'): void {
    // The head is not parsed again when the body is there.
    if (head !== 'incomplete') this.#lastHead = head;
    this.#buffered = bytes;
    this.#share ??= this.#path.bodies.open();
    if (this.#hasEnded || !this.#share.resize(bytes.length)) this.#handOff(bytes);
    else this.#resume();
  }

  readonly #onResponse = (response: HttpResponse): void => {
    if (this.#respond(response)) this.#continue();
  };

  /** Whether the next request may be handled. */
  #respond(response: HttpResponse): boolean {
    if (response.status === 0) {
      this.#waitsFor = 'close';
      this.#socket.resetAndDestroy();
      return false;
    }
    this.#checks = 0;
    // A request that has arrived behind this one still gets its response.
    const isLast = this.#buffered.length === 0 && this.#path.isDraining();
    const isRead = this.#write(response, isLast ? 'close' : 'keep-alive');
    if (isRead && !isLast) return true;
    this.#waitsFor = isLast ? 'close' : 'client';
    if (!isRead) this.#socket.setTimeout(this.#path.sendTimeoutMs);
    if (isLast) linger(this.#socket);
    return false;
  }

  #write(response: HttpResponse, connection: 'close' | 'keep-alive'): boolean {
    try {
      return writeResponse(this.#socket, response, connection);
    } catch (error) {
      const failure = this.#path.failure('internal_error', { accept: this.#lastHead?.headers.accept, error });
      return writeResponse(this.#socket, failure, connection);
    }
  }

  readonly #onDrain = (): void => {
    if (this.#waitsFor !== 'client') return;
    this.#socket.setTimeout(0);
    if (this.#socket.writable) this.#continue();
  };

  // Of the timeout for sending: the client has read nothing for that long.
  readonly #onTimeout = (): void => {
    this.#socket.destroy();
  };

  #continue(): void {
    this.#waitsFor = 'request';
    this.#process(this.#buffered);
  }

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (this.#waitsFor === 'request') this.#process(this.#buffered);
  };

  #handOff(bytes: Buffer): void {
    const socket = this.#socket;
    this.#share?.release();
    this.#resume();
    this.#path.connections.delete(this);
    socket.off('data', this.#onData);
    socket.off('drain', this.#onDrain);
    socket.off('end', this.#onEnd);
    socket.off('timeout', this.#onTimeout);
    socket.off('error', ignore);
    socket.off('close', this.#onClose);
    this.#path.handOff(socket);
    socket.emit('data', bytes);
    if (this.#hasEnded) socket.emit('end');
  }

  readonly #onClose = (): void => {
    this.#share?.release();
    this.#path.connections.delete(this);
  };
}

// An error ends the socket, and `close` follows.
function ignore(): void {}
