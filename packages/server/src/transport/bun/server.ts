import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import {
  type AdmitBody,
  freeBodyBytes,
  type HttpResponse,
  type TransportFailure,
} from '../../base/http-message.ts';
import type { MaybePromise } from '../../base/maybe-promise.ts';
import { BodyBudget } from '../body-budget.ts';
import { type Listener, type ListenerOptions, listenError, urlOf } from '../listener.ts';
import { keepAliveMs } from '../node/write-response.ts';
import { RequestRunner } from '../request-runner.ts';
import type { Bun, BunRequest, BunServer } from './bun-api.ts';
import { headFailure, pathOf, ReceivedRequest } from './received-request.ts';

/** A request whose body is arriving. */
interface Arrival {
  readonly request: BunRequest;
  readonly since: number;
  readonly resolve: (response: MaybePromise<Response>) => void;
}

const checkMs = 250;
const noBody = new Uint8Array(0);

/** The listener on `Bun.serve`. Bun itself refuses malformed HTTP, with a status and no body. */
export function createBunListener(bun: Bun, options: ListenerOptions): Listener {
  return new BunListener(bun, options);
}

class BunListener implements Listener {
  readonly #bun: Bun;
  readonly #runner: RequestRunner;
  readonly #failure: ListenerOptions['failure'];
  readonly #maxBodyBytes: number;
  readonly #admitBody: AdmitBody;
  readonly #bodies: BodyBudget;
  readonly #bodyTimeoutMs: number;
  readonly #drainDelayMs: number;
  readonly #drainGraceMs: number;
  /** In the order of their arrival. */
  readonly #arrivals = new Set<Arrival>();
  #server: BunServer | undefined;
  #checks: NodeJS.Timeout | undefined;
  #isDraining = false;
  #drained: Promise<void> | undefined;

  constructor(bun: Bun, options: ListenerOptions) {
    this.#bun = bun;
    this.#runner = new RequestRunner(options);
    this.#failure = options.failure;
    const { maxBodyBytes = freeBodyBytes } = options;
    this.#maxBodyBytes = maxBodyBytes;
    this.#admitBody = options.admitBody ?? (() => maxBodyBytes);
    this.#bodies = new BodyBudget(options.bodyBounds);
    this.#bodyTimeoutMs = options.bodyTimeoutMs ?? 10_000;
    this.#drainDelayMs = options.drainDelayMs ?? 0;
    this.#drainGraceMs = options.drainGraceMs ?? 10_000;
  }

  async listen(host: string, port: number): Promise<{ url: string; port: number }> {
    try {
      this.#server = this.#bun.serve({
        hostname: host,
        port,
        // Larger ones are refused here, in JSON.
        maxRequestBodySize: Number.MAX_SAFE_INTEGER,
        idleTimeout: keepAliveMs / 1000,
        development: false,
        // Otherwise a second process would listen on the same port, and get half of the connections.
        reusePort: false,
        fetch: (request) => this.#serve(request),
        error: (error) => this.#toResponse(this.#failure('internal_error', { error })),
      });
    } catch (cause) {
      throw listenError(host, port, cause as NodeJS.ErrnoException);
    }
    this.#checks = setInterval(() => {
      this.#giveUpArrivals(performance.now() - this.#bodyTimeoutMs);
    }, checkMs).unref();
    return { url: urlOf(host, this.#server.port), port: this.#server.port };
  }

  drain(): Promise<void> {
    this.#drained ??= this.#close();
    return this.#drained;
  }

  #serve(request: BunRequest): MaybePromise<Response> {
    const path = pathOf(request);
    const failure = path === null ? 'malformed' : headFailure(request);
    if (path === null || failure !== undefined) return this.#refuse(failure ?? 'malformed', request);
    const declared = request.headers.get('content-length');
    const isChunked = request.headers.get('transfer-encoding') !== null;
    if (declared === null && !isChunked) return this.#respondTo(request, path, noBody);
    const length = Number(declared);
    const isSmall = declared !== null && length <= this.#maxBodyBytes;
    return this.#receive(request, path, isSmall ? request.bytes() : this.#readLarge(request, path, length));
  }

  #receive(request: BunRequest, path: string, reading: Promise<Uint8Array | Response>): Promise<Response> {
    return new Promise((resolve) => {
      const arrival = { request, since: performance.now(), resolve };
      this.#arrivals.add(arrival);
      reading.then(
        (body) => {
          if (!this.#arrivals.delete(arrival)) return;
          resolve(body instanceof Response ? body : this.#respondTo(request, path, body));
        },
        () => {
          if (this.#arrivals.delete(arrival)) resolve(this.#refuse('unreadable', request));
        },
      );
    });
  }

  /** A body that declares a large length, or none: what has arrived counts. A refusal is a response. */
  async #readLarge(request: BunRequest, path: string, declared: number): Promise<Uint8Array | Response> {
    const share = this.#bodies.open();
    const chunks: Uint8Array[] = [];
    let received = 0;
    let maxBytes: number | undefined;
    const bound = async (bytes: number): Promise<Response | undefined> => {
      if (maxBytes === undefined && bytes > this.#maxBodyBytes) {
        const admitted = await this.#admitBody(new ReceivedRequest(request, this.#server, path, noBody));
        if (typeof admitted !== 'number') return this.#toLastResponse(admitted);
        maxBytes = admitted;
        if (!share.admit()) return this.#refuse('overloaded', request);
      }
      if (bytes > (maxBytes ?? this.#maxBodyBytes)) return this.#refuse('too_large', request, maxBytes);
      return share.resize(received) ? undefined : this.#refuse('overloaded', request);
    };
    try {
      const refused = await bound(declared);
      if (refused !== undefined) return refused;
      for await (const chunk of request.body ?? []) {
        received += chunk.length;
        chunks.push(chunk);
        const refusal = await bound(received);
        if (refusal !== undefined) return refusal;
      }
      return Buffer.concat(chunks);
    } finally {
      share.release();
    }
  }

  #respondTo(request: BunRequest, path: string, body: Uint8Array): MaybePromise<Response> {
    const result = this.#runner.run(new ReceivedRequest(request, this.#server, path, body));
    return result instanceof Promise
      ? result.then((late) => this.#respond(request, late))
      : this.#respond(request, result);
  }

  #respond(request: BunRequest, result: HttpResponse): Response {
    try {
      return this.#toResponse(result);
    } catch (error) {
      const accept = request.headers.get('accept') ?? undefined;
      return this.#toResponse(this.#failure('internal_error', { accept, error }));
    }
  }

  #toResponse({ status, headers, body }: HttpResponse): Response {
    const own = { 'x-content-type-options': 'nosniff', ...(this.#isDraining && { connection: 'close' }) };
    return new Response(bodyInit(body), { status, headers: { ...headers, ...own } });
  }

  #refuse(kind: TransportFailure, request: BunRequest, maxBytes = this.#maxBodyBytes): Response {
    const accept = request.headers.get('accept') ?? undefined;
    return this.#toLastResponse(this.#failure(kind, { accept, maxBytes }));
  }

  // The rest of the request is not read, so the connection cannot be used again.
  #toLastResponse(response: HttpResponse): Response {
    return this.#toResponse({ ...response, headers: { ...response.headers, connection: 'close' } });
  }

  #giveUpArrivals(before: number): void {
    for (const arrival of this.#arrivals) {
      if (arrival.since > before) break;
      this.#arrivals.delete(arrival);
      arrival.resolve(this.#refuse('read_timeout', arrival.request));
    }
  }

  async #close(): Promise<void> {
    this.#isDraining = true;
    if (this.#server === undefined) return;
    if (this.#drainDelayMs > 0) await pause(this.#drainDelayMs);
    // Bun stops listening and closes idle connections in one step. A turn of the event loop reads what has arrived.
    await nextTurn();
    const giveUp = setTimeout(() => this.#giveUpArrivals(Number.POSITIVE_INFINITY), this.#drainGraceMs);
    await this.#server.stop();
    clearTimeout(giveUp);
    clearInterval(this.#checks);
    await this.#runner.idle();
    // No connection that is left has sent a request.
    await this.#server.stop(true);
  }
}

// The type of a Response's body excludes shared memory, which no response is in.
function bodyInit(body: HttpResponse['body']): string | Uint8Array<ArrayBuffer> {
  return body as string | Uint8Array<ArrayBuffer>;
}
