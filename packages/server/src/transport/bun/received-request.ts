import type { HeaderName, HttpRequest, TransportFailure } from '../../base/http-message.ts';
import type { BunRequest, BunServer } from './bun-api.ts';

const hostPattern = /^[\w.:[\]-]+$/;

/** The path without its query; null when the Host header is missing or makes it ambiguous. */
export function pathOf(request: BunRequest): string | null {
  // Bun puts the Host header in front of the target: a slash in it would make another path.
  if (!hostPattern.test(request.headers.get('host') ?? '')) return null;
  const { url } = request;
  const start = url.indexOf('/', url.indexOf('://') + 3);
  if (start === -1) return null;
  const query = url.indexOf('?', start);
  return query === -1 ? url.slice(start) : url.slice(start, query);
}

/** The reason to refuse a request for its head alone. */
export function headFailure({ headers }: BunRequest): TransportFailure | undefined {
  const [coding, expect] = [headers.get('transfer-encoding'), headers.get('expect')];
  if (coding !== null && coding.toLowerCase() !== 'chunked') return 'malformed';
  return expect !== null && expect.toLowerCase() !== '100-continue' ? 'expectation_failed' : undefined;
}

/** The handler's view of a request of `Bun.serve`. */
export class ReceivedRequest implements HttpRequest {
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

/** Lazy: Bun makes a string of a header only when it is read. */
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
  get 'content-encoding'() {
    return this.#headers.get('content-encoding') ?? undefined;
  }
  get 'content-type'() {
    return this.#headers.get('content-type') ?? undefined;
  }
  get 'idempotency-key'() {
    return this.#headers.get('idempotency-key') ?? undefined;
  }
  get 'if-none-match'() {
    return this.#headers.get('if-none-match') ?? undefined;
  }
  get traceparent() {
    return this.#headers.get('traceparent') ?? undefined;
  }
  get 'user-agent'() {
    return this.#headers.get('user-agent') ?? undefined;
  }
  get 'x-forwarded-for'() {
    return this.#headers.get('x-forwarded-for') ?? undefined;
  }
  get 'x-request-id'() {
    return this.#headers.get('x-request-id') ?? undefined;
  }
  get 'x-unkey-metrics'() {
    return this.#headers.get('x-unkey-metrics') ?? undefined;
  }
}
