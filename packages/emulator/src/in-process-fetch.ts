import {
  type AdmitBody,
  freeBodyBytes,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  type ReportFailure,
} from '@unkey-ts/server';

export interface Doors {
  readonly handle: HttpHandler;
  readonly admitBody: AdmitBody;
  readonly failure: ReportFailure;
}

type Message = Omit<HttpRequest, 'body'> & { readonly body: Uint8Array };

/** `fetch` that calls the service in this process, whatever the host of the URL is. A lost connection is a TypeError. */
export function inProcessFetch(doors: () => Doors): typeof globalThis.fetch {
  return async (input, init) => {
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    signal?.throwIfAborted();
    const message = isPlain(input, init)
      ? plainMessage(String(input), init)
      : await messageOf(new Request(input, init));
    const response = await orAborted(answer(doors(), message), signal);
    if (response.status === 0) throw lost();
    const { status, headers, body } = response;
    const hasBody = message.method !== 'HEAD' && status !== 204 && status !== 304;
    return new Response(hasBody ? (body as BodyInit) : null, { status, headers });
  };
}

async function answer({ handle, admitBody, failure }: Doors, message: Message): Promise<HttpResponse> {
  const { body } = message;
  if (body.length <= freeBodyBytes) return handle(message);
  const admitted = await admitBody({ ...message, body: new Uint8Array() });
  if (typeof admitted !== 'number') return admitted;
  if (body.length <= admitted) return handle(message);
  return failure('too_large', { accept: message.headers.accept, maxBytes: admitted });
}

/** What the client library sends, for which no `Request` has to be made: that takes longer than a verification. */
function isPlain(
  input: string | URL | Request,
  init: RequestInit | undefined,
): init is RequestInit & { body?: string } {
  return (
    !(input instanceof Request) &&
    (init?.body === undefined || typeof init.body === 'string') &&
    (init?.headers === undefined || init.headers instanceof Headers || !Array.isArray(init.headers))
  );
}

function plainMessage(url: string, init: (RequestInit & { body?: string }) | undefined): Message {
  const { method = 'GET', body } = init ?? {};
  const headers: Record<string, string> = {};
  const given = init?.headers ?? {};
  const entries =
    given instanceof Headers ? given.entries() : Object.entries(given as Record<string, string>);
  for (const [name, value] of entries) headers[name.toLowerCase()] = value;
  if (body !== undefined) headers['content-type'] ??= 'text/plain;charset=UTF-8';
  return {
    method: method.toUpperCase(),
    path: new URL(url).pathname,
    headers,
    body: body === undefined ? new Uint8Array() : Buffer.from(body),
    peer: '127.0.0.1',
  };
}

async function messageOf(request: Request): Promise<Message> {
  return {
    method: request.method,
    path: new URL(request.url).pathname,
    headers: Object.fromEntries(request.headers),
    body: new Uint8Array(await request.arrayBuffer()),
    peer: '127.0.0.1',
  };
}

function orAborted(
  work: Promise<HttpResponse>,
  signal: AbortSignal | null | undefined,
): Promise<HttpResponse> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** As `fetch` of Node reports a connection that the other side has reset. */
function lost(): TypeError {
  const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
  return new TypeError('fetch failed', { cause });
}
