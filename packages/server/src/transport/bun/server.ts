import { setTimeout as pause } from 'node:timers/promises';
import {
  bodyBytesMax,
  type HeaderName,
  type HttpRequest,
  type HttpResponse,
  type TransportFailure,
} from '../../base/http-message.ts';
import type { MaybePromise } from '../../base/maybe-promise.ts';
import { type Edge, type EdgeOptions, listenError, urlOf } from '../listener.ts';
import { keepAliveMs } from '../node/write-response.ts';
import type { Bun, BunRequest, BunServer } from './bun-api.ts';

/** A request whose body is still to come. */
interface Arrival {
  readonly request: BunRequest;
  readonly since: number;
  readonly resolve: (response: MaybePromise<Response>) => void;
}

const checkMs = 250;
const noBody = new Uint8Array(0);

/** The edge on `Bun.serve`. What is not well-formed HTTP Bun refuses itself, with a status and no body. */
export function createBunEdge(bun: Bun, options: EdgeOptions): Edge {
  const { handle, failure, maxBodyBytes = bodyBytesMax, bodyTimeoutMs = 10_000 } = options;
  const { drainGraceMs = 10_000, idleGraceMs = 2000 } = options;
  const arrivals = new Set<Arrival>();
  let server: BunServer | undefined;
  let isDraining = false;
  let hasServed = false;
  let running = 0;
  let onIdle: (() => void) | undefined;

  function serve(request: BunRequest): MaybePromise<Response> {
    hasServed = true;
    const path = pathOf(request);
    if (path === null) return refuse('malformed', request);
    const declared = request.headers.get('content-length');
    if (declared === null) {
      const isChunked = request.headers.get('transfer-encoding') !== null;
      return isChunked ? receive(request, path, readChunks) : answer(request, path, noBody);
    }
    if (Number(declared) > maxBodyBytes) return refuse('too_large', request);
    return receive(request, path, readBytes);
  }

  function receive(
    request: BunRequest,
    path: string,
    read: (request: BunRequest) => Promise<Uint8Array | 'too_large'>,
  ): Promise<Response> {
    return new Promise((resolve) => {
      const arrival = { request, since: performance.now(), resolve };
      arrivals.add(arrival);
      read(request).then(
        (body) => {
          if (!arrivals.delete(arrival)) return;
          resolve(body === 'too_large' ? refuse(body, request) : answer(request, path, body));
        },
        () => {
          if (arrivals.delete(arrival)) resolve(refuse('unreadable', request));
        },
      );
    });
  }

  // Of a body without a declared length, no more is kept than may come.
  async function readChunks(request: BunRequest): Promise<Uint8Array | 'too_large'> {
    const chunks: Uint8Array[] = [];
    let received = 0;
    for await (const chunk of request.body ?? []) {
      received += chunk.length;
      if (received > maxBodyBytes) return 'too_large';
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  function answer(request: BunRequest, path: string, body: Uint8Array): MaybePromise<Response> {
    const answered = handle(new ReceivedRequest(request, server, path, body));
    if (!(answered instanceof Promise)) return respond(answered);
    running++;
    return answered.then(respond).finally(() => {
      running--;
      if (running === 0) onIdle?.();
    });
  }

  function respond({ status, headers, body }: HttpResponse): Response {
    if (isDraining) headers.connection = 'close';
    return new Response(body, { status, headers });
  }

  // The rest of the request is not read, so the connection cannot be used again.
  function refuse(kind: TransportFailure, request: BunRequest): Response {
    const { status, headers, body } = failure(kind, request.headers.get('accept') ?? undefined);
    return new Response(body, { status, headers: { ...headers, connection: 'close' } });
  }

  function giveUpArrivals(before: number): void {
    for (const arrival of arrivals) {
      if (arrival.since > before) break;
      arrivals.delete(arrival);
      arrival.resolve(refuse('read_timeout', arrival.request));
    }
  }

  async function listen(host: string, port: number): Promise<{ url: string; port: number }> {
    try {
      server = bun.serve({
        hostname: host,
        port,
        // Larger ones are refused here, in JSON.
        maxRequestBodySize: Number.MAX_SAFE_INTEGER,
        idleTimeout: keepAliveMs / 1000,
        development: false,
        // Otherwise a second process would listen on the same port, and get half of the connections.
        reusePort: false,
        fetch: serve,
        error: () => new Response(null, { status: 500 }),
      });
    } catch (cause) {
      throw listenError(host, port, cause as NodeJS.ErrnoException);
    }
    checks = setInterval(() => giveUpArrivals(performance.now() - bodyTimeoutMs), checkMs).unref();
    return { url: urlOf(host, server.port), port: server.port };
  }

  let checks: NodeJS.Timeout | undefined;

  async function close(): Promise<void> {
    isDraining = true;
    if (server === undefined) return;
    // Bun stops listening and closes connections at rest in one step. Somebody may be sending on one of them just now:
    // until then answers say goodbye, also to those who come anew.
    if (hasServed) await pause(idleGraceMs);
    const cut = setTimeout(() => giveUpArrivals(Number.POSITIVE_INFINITY), drainGraceMs);
    await server.stop();
    clearTimeout(cut);
    clearInterval(checks);
    // A client that left does not stop its request.
    if (running > 0) {
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    }
    // What is left has sent nothing that could be answered.
    await server.stop(true);
  }

  let drained: Promise<void> | undefined;
  function drain(): Promise<void> {
    drained ??= close();
    return drained;
  }

  return { listen, drain };
}

function readBytes(request: BunRequest): Promise<Uint8Array> {
  return request.bytes();
}

const hostPattern = /^[\w.:[\]-]+$/;

/** Null: there is none, or nobody can say which. */
function pathOf(request: BunRequest): string | null {
  // Bun puts the Host header in front of the target: a slash in there would make another path.
  if (!hostPattern.test(request.headers.get('host') ?? '')) return null;
  const { url } = request;
  const start = url.indexOf('/', url.indexOf('://') + 3);
  if (start === -1) return null;
  const query = url.indexOf('?', start);
  return query === -1 ? url.slice(start) : url.slice(start, query);
}

class ReceivedRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HttpRequest['headers'];
  readonly body: Uint8Array;
  readonly #request: BunRequest;
  readonly #server: BunServer | undefined;

  constructor(request: BunRequest, server: BunServer | undefined, path: string, body: Uint8Array) {
    this.method = request.method;
    this.path = path;
    this.headers = new ReceivedHeaders(request.headers);
    this.body = body;
    this.#request = request;
    this.#server = server;
  }

  get peer(): string {
    return this.#server?.requestIP(this.#request)?.address ?? '';
  }
}

/** Each becomes a string when it is asked for. */
class ReceivedHeaders implements Record<HeaderName, string | undefined> {
  readonly #headers: BunRequest['headers'];

  constructor(headers: BunRequest['headers']) {
    this.#headers = headers;
  }

  get accept() {
    return this.#headers.get('accept') ?? undefined;
  }
  get authorization() {
    return this.#headers.get('authorization') ?? undefined;
  }
  get 'content-type'() {
    return this.#headers.get('content-type') ?? undefined;
  }
  get 'idempotency-key'() {
    return this.#headers.get('idempotency-key') ?? undefined;
  }
  get 'user-agent'() {
    return this.#headers.get('user-agent') ?? undefined;
  }
  get 'x-forwarded-for'() {
    return this.#headers.get('x-forwarded-for') ?? undefined;
  }
  get 'x-unkey-metrics'() {
    return this.#headers.get('x-unkey-metrics') ?? undefined;
  }
}
