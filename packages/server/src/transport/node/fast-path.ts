import type { Socket } from 'node:net';
import type { HttpRequest, HttpResponse } from '../../base/http-message.ts';
import type { MaybePromise } from '../../base/maybe-promise.ts';
import { type PlainHead, readPlainHead } from './fast-path-head.ts';
import { keepAliveMs, writeAnswer } from './write-response.ts';

export interface PlainLane {
  /** Serves a new connection for as long as what it sends is plain. */
  accept(socket: Socket): void;
  /** Closes the connections on which nothing is under way. */
  closeIdle(): void;
  /** Closes all connections but those whose handler runs. */
  cut(): void;
}

export interface PlainLaneOptions {
  /** Neither throws nor rejects. */
  run(request: HttpRequest): MaybePromise<HttpResponse>;
  /** Takes a connection over for good. Its bytes without an answer are emitted right afterwards. */
  leave(socket: Socket): void;
  /** Answers are then the last of their connections. */
  isDraining(): boolean;
  maxBodyBytes: number;
}

interface Lane extends PlainLaneOptions {
  readonly connections: Set<PlainConnection>;
}

const checkMs = 200;
/** An unfinished request is left to node:http at the second check that finds it so: its timeouts begin there. */
const unfinishedChecks = 2;
const idleChecks = keepAliveMs / checkMs;
const nothing = Buffer.alloc(0);

/**
 * Requests as every client sends them are read and answered on the bare socket, for about half of what node:http costs.
 * The first thing that is not plain ends that: the connection is node:http's from there on, with all its bytes.
 */
export function createPlainLane(options: PlainLaneOptions): PlainLane {
  const connections = new Set<PlainConnection>();
  const lane = { ...options, connections };
  let checks: NodeJS.Timeout | undefined;

  function check(): void {
    for (const connection of connections) connection.check();
    if (connections.size > 0) return;
    clearInterval(checks);
    checks = undefined;
  }

  return {
    accept(socket) {
      connections.add(new PlainConnection(socket, lane));
      checks ??= setInterval(check, checkMs).unref();
    },
    closeIdle() {
      for (const connection of connections) connection.closeIfIdle();
    },
    cut() {
      for (const connection of connections) connection.closeUnlessRunning();
    },
  };
}

class PlainConnection {
  readonly #socket: Socket;
  readonly #lane: Lane;
  readonly #peer: string;
  /** `client`: it has to read what it was sent, or the answer was the last. Meanwhile what arrives is only kept. */
  #waitsFor: 'request' | 'handler' | 'client' = 'request';
  /** Received and not answered, without the request that the handler has. */
  #kept: Buffer = nothing;
  #last: PlainHead | undefined;
  #hasEnded = false;
  #checks = 0;

  constructor(socket: Socket, lane: Lane) {
    this.#socket = socket;
    this.#lane = lane;
    this.#peer = socket.remoteAddress ?? '';
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('error', ignore);
    socket.on('close', this.#onClose);
  }

  check(): void {
    if (this.#waitsFor !== 'request' || this.#socket.destroyed) return;
    this.#checks++;
    if (this.#kept.length > 0 && this.#checks >= unfinishedChecks) this.#leave(this.#kept);
    else if (this.#checks > idleChecks) this.#socket.destroy();
  }

  closeIfIdle(): void {
    if (this.#waitsFor === 'request' && this.#kept.length === 0) this.#socket.destroy();
  }

  closeUnlessRunning(): void {
    if (this.#waitsFor !== 'handler') this.#socket.destroy();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#waitsFor !== 'request') {
      this.#kept = Buffer.concat([this.#kept, chunk]);
      this.#socket.pause();
    } else if (this.#kept.length === 0) {
      this.#checks = 0;
      this.#take(chunk);
    } else this.#take(Buffer.concat([this.#kept, chunk]));
  };

  /** Answers what is whole, one request after the other, and keeps the rest. */
  #take(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) {
      const head = readPlainHead(rest, this.#last);
      if (head === 'odd' || (head !== 'unfinished' && head.bodyBytes > this.#lane.maxBodyBytes)) {
        this.#leave(rest);
        return;
      }
      if (head === 'unfinished' || rest.length < head.text.length + head.bodyBytes) {
        this.#wait(rest, head);
        return;
      }
      this.#last = head;
      const end = head.text.length + head.bodyBytes;
      const answer = this.#lane.run({
        method: 'POST',
        path: head.path,
        headers: head.headers,
        body: rest.subarray(head.text.length, end),
        peer: this.#peer,
      });
      rest = rest.length === end ? nothing : rest.subarray(end);
      if (answer instanceof Promise) {
        this.#waitsFor = 'handler';
        this.#kept = rest;
        answer.then(this.#onAnswer);
        return;
      }
      if (!this.#answer(answer)) {
        this.#kept = rest;
        return;
      }
    }
    this.#kept = nothing;
    this.#readOn();
    if (this.#hasEnded) this.#socket.end();
  }

  /** Only once nothing whole is kept: a client that sends faster than it is answered would fill the memory. */
  #readOn(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  #wait(bytes: Buffer, head: PlainHead | 'unfinished'): void {
    // What is read again with its body is not parsed again.
    if (head !== 'unfinished') this.#last = head;
    this.#kept = bytes;
    this.#readOn();
    if (this.#hasEnded) this.#leave(bytes);
  }

  readonly #onAnswer = (answer: HttpResponse): void => {
    if (this.#answer(answer)) this.#proceed();
  };

  /** Whether the next request may be answered. */
  #answer(answer: HttpResponse): boolean {
    const isLast = this.#lane.isDraining();
    this.#checks = 0;
    try {
      if (writeAnswer(this.#socket, answer, isLast ? 'close' : 'keep-alive') && !isLast) return true;
    } catch {
      this.#socket.destroy();
    }
    this.#waitsFor = 'client';
    if (isLast) this.#socket.destroySoon();
    return false;
  }

  readonly #onDrain = (): void => {
    if (this.#waitsFor === 'client' && this.#socket.writable) this.#proceed();
  };

  #proceed(): void {
    this.#waitsFor = 'request';
    this.#take(this.#kept);
  }

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (this.#waitsFor === 'request') this.#take(this.#kept);
  };

  #leave(bytes: Buffer): void {
    const socket = this.#socket;
    this.#readOn();
    this.#lane.connections.delete(this);
    socket.off('data', this.#onData);
    socket.off('drain', this.#onDrain);
    socket.off('end', this.#onEnd);
    socket.off('error', ignore);
    socket.off('close', this.#onClose);
    this.#lane.leave(socket);
    socket.emit('data', bytes);
    if (this.#hasEnded) socket.emit('end');
  }

  readonly #onClose = (): void => {
    this.#lane.connections.delete(this);
  };
}

// An error ends the socket, and `close` follows.
function ignore(): void {}
