import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpRequest, HttpResponse, ReportFailure, TransportFailure } from '../../base/http-message.ts';
import type { MaybePromise } from '../../base/maybe-promise.ts';
import { lacksHost, sendResponse, toHttpRequest } from './http-messages.ts';
import { type BodyReading, type BodyResult, declaredBody, readBody } from './read-body.ts';
import { writeResponse } from './write-response.ts';

/** The server's part of each connection. */
export interface ConnectionOptions {
  /** Neither throws nor rejects. */
  handle(request: HttpRequest): MaybePromise<HttpResponse>;
  readonly failure: ReportFailure;
  /** While true, each response is the last one of its connection. */
  isDraining(): boolean;
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
}

interface PendingRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const lingerMs = 2000;

/** A connection that node:http parses. Bodies are read one at a time; responses leave in the order of the requests. */
export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  /** Requests whose response is not finished. */
  #unanswered = 0;
  /** Requests whose handler is running. */
  #running = 0;
  /** The body that is arriving: a failure of the connection is a failure of its request. */
  #reading: BodyReading | undefined;
  /** Pipelined requests behind the current body. */
  #pending: PendingRequest[] = [];
  /** The reason to close the connection once all responses are sent. */
  #failure: TransportFailure | undefined;
  /** The last response is on its way: nothing that arrives is read as a request any more. */
  #isClosing = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.#isClosing) return;
    this.#unanswered++;
    response.on('close', () => {
      this.#unanswered--;
      this.#closeIfFailed();
    });
    if (this.#reading === undefined) this.#begin(request, response);
    else this.#pending.push({ request, response });
  }

  /** The connection cannot be read any further; `lost`: nor written to. */
  fail(kind: TransportFailure | 'lost'): void {
    if (kind === 'lost' || !this.#socket.writable) {
      this.#socket.destroy();
      return;
    }
    if (this.#isClosing || this.#failure !== undefined) return;
    if (this.#reading?.hasArrived() === false) {
      this.#reading.fail(kind);
      return;
    }
    this.#failure = kind;
    this.#closeIfFailed();
  }

  destroyUnlessRunning(): void {
    if (this.#running === 0) this.#socket.destroy();
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    if (this.#isClosing) return;
    const { maxBodyBytes } = this.#options;
    const body = lacksHost(request) ? 'malformed' : declaredBody(request, maxBodyBytes);
    if (this.#failure !== undefined && !request.complete) this.#refuse(request, response, this.#failure);
    else if (body === undefined) this.#read(request, response);
    else this.#respondTo(request, response, body);
  }

  #read(request: IncomingMessage, response: ServerResponse): void {
    const { maxBodyBytes, bodyTimeoutMs } = this.#options;
    const limits = { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs };
    this.#reading = readBody(request, limits, (body) => {
      this.#reading = undefined;
      this.#respondTo(request, response, body);
      this.#beginPending();
    });
    if (request.headers.expect !== undefined) response.writeContinue();
  }

  #beginPending(): void {
    while (this.#reading === undefined) {
      const next = this.#pending.shift();
      if (next === undefined) return;
      this.#begin(next.request, next.response);
    }
  }

  #respondTo(request: IncomingMessage, response: ServerResponse, body: BodyResult): void {
    if (body === 'aborted') return;
    if (typeof body === 'string') {
      this.#refuse(request, response, body);
      return;
    }
    const result = this.#options.handle(toHttpRequest(request, body));
    if (result instanceof Promise) {
      this.#running++;
      result.then((late) => {
        this.#running--;
        this.#respond(request, response, late);
      });
    } else this.#respond(request, response, result);
  }

  #respond(request: IncomingMessage, response: ServerResponse, result: HttpResponse): void {
    if (this.#options.isDraining()) response.shouldKeepAlive = false;
    try {
      sendResponse(response, result);
    } catch (error) {
      sendResponse(response, this.#options.failure('internal_error', request.headers.accept, error));
    }
  }

  // The rest of the request is not read, so the connection cannot be used again.
  #refuse(request: IncomingMessage, response: ServerResponse, kind: TransportFailure): void {
    this.#isClosing = true;
    response.shouldKeepAlive = false;
    // Node destroys the socket behind the last response. With unread bytes that is a reset, which can overtake it.
    this.#socket.destroySoon = () => this.#linger();
    sendResponse(response, this.#options.failure(kind, request.headers.accept));
  }

  // Responses leave in the order of their requests: the one about the failure is the last.
  #closeIfFailed(): void {
    if (this.#failure === undefined || this.#unanswered > 0 || this.#isClosing) return;
    this.#isClosing = true;
    if (!this.#socket.writable) return;
    writeResponse(this.#socket, this.#options.failure(this.#failure), 'close');
    this.#linger();
  }

  /** Ends our side and goes on reading for a while, so that the client can read the response. */
  #linger(): void {
    const socket = this.#socket;
    socket.end();
    const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
    socket.once('close', () => clearTimeout(timer));
  }
}
