import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type {
  AdmitBody,
  HttpRequest,
  HttpResponse,
  ReportFailure,
  TransportFailure,
} from '../../base/http-message.ts';
import type { MaybePromise } from '../../base/maybe-promise.ts';
import type { BodyBudget } from '../body-budget.ts';
import { headFailure, sendResponse, toHttpRequest } from './http-messages.ts';
import { linger } from './linger.ts';
import { BodyReader, type BodyResult, declaredLength } from './read-body.ts';
import { writeResponse } from './write-response.ts';

/** The server's part of each connection. */
export interface ConnectionOptions {
  /** Neither throws nor rejects. */
  handle(request: HttpRequest): MaybePromise<HttpResponse>;
  readonly failure: ReportFailure;
  /** While true, connections are closed after their responses. */
  isDraining(): boolean;
  /** What is read of a body without asking `admitBody`. */
  readonly maxBodyBytes: number;
  readonly admitBody: AdmitBody;
  readonly bodies: BodyBudget;
  readonly bodyTimeoutMs: number;
  readonly sendTimeoutMs: number;
}

interface PendingRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const noBody = new Uint8Array(0);

/** A connection that node:http parses. Bodies are read one at a time; responses leave in the order of the requests. */
export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  /** Requests whose response is not finished. */
  #unanswered = 0;
  /** Requests whose handler is running. */
  #running = 0;
  /** The body that is arriving: a failure of the connection is a failure of its request. */
  #reading: BodyReader | undefined;
  /** Pipelined requests behind the current body. */
  #pending: PendingRequest[] = [];
  /** The reason to close the connection once all responses are sent. */
  #failure: TransportFailure | undefined;
  /** The newest request that was accepted. */
  #newest: PendingRequest | undefined;
  /** No request is accepted behind the newest one: its response says `Connection: close`. */
  #hasLast = false;
  /** The last response is on its way: requests that were accepted before are not begun any more. */
  #isClosing = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.#isClosing || this.#hasLast) return;
    this.#unanswered++;
    this.#newest = { request, response };
    // Another protocol may follow in the same bytes, which node:http does not parse.
    if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false;
    if (!response.shouldKeepAlive) this.#acceptNoMore();
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
    // What follows the last request is not read.
    if (this.#hasLast && this.#newest?.request.complete) return;
    this.#failure = kind;
    this.#closeIfFailed();
  }

  /** A connection that nothing was sent on: node:http does not count it as idle. */
  destroyIfUnused(): void {
    if (this.#socket.bytesRead === 0) this.#socket.destroy();
  }

  destroyUnlessRunning(): void {
    if (this.#running === 0) this.#socket.destroy();
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    if (this.#isClosing) return;
    const failure = this.#failure !== undefined && !request.complete ? this.#failure : headFailure(request);
    if (failure !== undefined) this.#refuse(request, response, failure);
    else if (declaredLength(request) === 0) this.#run(request, response, noBody);
    else this.#read(request, response);
  }

  #read(request: IncomingMessage, response: ServerResponse): void {
    const { maxBodyBytes, bodyTimeoutMs, admitBody, bodies } = this.#options;
    const share = bodies.open();
    response.once('close', () => share.release());
    const limits = {
      freeBytes: maxBodyBytes,
      timeoutMs: bodyTimeoutMs,
      share,
      admit: () => admitBody(toHttpRequest(request, noBody)),
    };
    this.#reading = new BodyReader(request, limits, (body, maxBytes) => {
      this.#reading = undefined;
      this.#handle(request, response, { body, maxBytes });
      this.#beginPending();
    });
    this.#reading.begin(() => {
      if (request.headers.expect !== undefined) response.writeContinue();
    });
  }

  #beginPending(): void {
    while (this.#reading === undefined) {
      const next = this.#pending.shift();
      if (next === undefined) return;
      this.#begin(next.request, next.response);
    }
  }

  #handle(
    request: IncomingMessage,
    response: ServerResponse,
    { body, maxBytes }: { readonly body: BodyResult; readonly maxBytes: number },
  ): void {
    if (body === 'aborted') return;
    if (typeof body === 'string') this.#refuse(request, response, body, maxBytes);
    else if (body instanceof Uint8Array) this.#run(request, response, body);
    else this.#end(response, body);
  }

  #run(request: IncomingMessage, response: ServerResponse, body: Uint8Array): void {
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
    if (result.status === 0) {
      this.#socket.resetAndDestroy();
      return;
    }
    if (this.#options.isDraining() && response === this.#newest?.response) {
      response.shouldKeepAlive = false;
      this.#acceptNoMore();
    }
    try {
      sendResponse(response, result);
    } catch (error) {
      sendResponse(
        response,
        this.#options.failure('internal_error', { accept: request.headers.accept, error }),
      );
    }
    if (this.#socket.writableLength > 0) this.#expectReader(response);
  }

  /** A client that reads nothing for as long as the timeout is disconnected: without listeners node:http does that. */
  #expectReader(response: ServerResponse): void {
    this.#socket.setTimeout(this.#options.sendTimeoutMs);
    // Before the listener of node:http, which begins the timeout of idle connections.
    response.prependOnceListener('finish', () => this.#socket.setTimeout(0));
  }

  #refuse(
    request: IncomingMessage,
    response: ServerResponse,
    kind: TransportFailure,
    maxBytes = this.#options.maxBodyBytes,
  ): void {
    this.#end(response, this.#options.failure(kind, { accept: request.headers.accept, maxBytes }));
  }

  // The rest of the request is not read, so the connection cannot be used again.
  #end(response: ServerResponse, result: HttpResponse): void {
    this.#isClosing = true;
    response.shouldKeepAlive = false;
    this.#acceptNoMore();
    sendResponse(response, result);
  }

  // Responses leave in the order of their requests: the one about the failure is the last.
  #closeIfFailed(): void {
    if (this.#failure === undefined || this.#unanswered > 0 || this.#isClosing) return;
    this.#isClosing = true;
    if (!this.#socket.writable) return;
    writeResponse(this.#socket, this.#options.failure(this.#failure), 'close');
    linger(this.#socket);
  }

  #acceptNoMore(): void {
    this.#hasLast = true;
    // node:http calls this behind the last response.
    this.#socket.destroySoon = () => linger(this.#socket);
  }
}
