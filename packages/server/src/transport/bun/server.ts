import { setImmediate as nextTurn } from 'node:timers/promises';
import { bodyBytesMax, type HttpResponse, type TransportFailure } from '../../base/http-message.ts';
import type { MaybePromise } from '../../base/maybe-promise.ts';
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
  readonly #bodyTimeoutMs: number;
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
    this.#maxBodyBytes = options.maxBodyBytes ?? bodyBytesMax;
    this.#bodyTimeoutMs = options.bodyTimeoutMs ?? 10_000;
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
        error: (error) => this.#toResponse(this.#failure('internal_error', undefined, error)),
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
    if (declared === null) {
      const isChunked = request.headers.get('transfer-encoding') !== null;
      return isChunked
        ? this.#receive(request, path, readChunks(request, this.#maxBodyBytes))
        : this.#respondTo(request, path, noBody);
    }
    if (Number(declared) > this.#maxBodyBytes) return this.#refuse('too_large', request);
    return this.#receive(request, path, request.bytes());
  }

  #receive(request: BunRequest, path: string, reading: Promise<Uint8Array | 'too_large'>): Promise<Response> {
    return new Promise((resolve) => {
      const arrival = { request, since: performance.now(), resolve };
      this.#arrivals.add(arrival);
      reading.then(
        (body) => {
          if (!this.#arrivals.delete(arrival)) return;
          resolve(body === 'too_large' ? this.#refuse(body, request) : this.#respondTo(request, path, body));
        },
        () => {
          if (this.#arrivals.delete(arrival)) resolve(this.#refuse('unreadable', request));
        },
      );
    });
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
      return this.#toResponse(this.#failure('internal_error', accept, error));
    }
  }

  #toResponse({ status, headers, body }: HttpResponse): Response {
    const own = { 'x-content-type-options': 'nosniff', ...(this.#isDraining && { connection: 'close' }) };
    return new Response(bodyInit(body), { status, headers: { ...headers, ...own } });
  }

  // The rest of the request is not read, so the connection cannot be used again.
  #refuse(kind: TransportFailure, request: BunRequest): Response {
    const response = this.#failure(kind, request.headers.get('accept') ?? undefined);
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

/** A body without a declared length; no more of it is kept than is allowed. */
async function readChunks(request: BunRequest, maxBytes: number): Promise<Uint8Array | 'too_large'> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of request.body ?? []) {
    received += chunk.length;
    if (received > maxBytes) return 'too_large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// The type of a Response's body excludes shared memory, which no response is in.
function bodyInit(body: HttpResponse['body']): string | Uint8Array<ArrayBuffer> {
  return body as string | Uint8Array<ArrayBuffer>;
}
