import { type Issue, type Operation, pathOf } from '@unkey-ts/contract';
import { CommandError, UsageError } from './command-errors.ts';

export interface ApiResponse {
  /** The whole response body. */
  readonly body: unknown;
  readonly error: ApiError | null;
}

export interface ApiError {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly Issue[];
  readonly requestId: string;
}

/** The body of an error response. Any server may have sent it, so every member is optional. */
interface ErrorBody {
  readonly meta?: { readonly requestId?: string };
  readonly error?: { readonly title?: string; readonly detail?: string; readonly errors?: readonly Issue[] };
}

const timeoutMs = 65_000;
/** Of a response, after decompression. */
const maxBytes = 64 * 1024 * 1024;

export async function callOperation(
  operation: Operation,
  { url, rootKey, body }: { url: string; rootKey: string | null; body: unknown },
): Promise<ApiResponse> {
  const response = await send(addressOf(operation, url), {
    method: operation.method,
    headers: {
      accept: 'application/json',
      ...(rootKey !== null && { authorization: `Bearer ${rootKey}` }),
      ...(body !== null && { 'content-type': 'application/json' }),
    },
    ...(body !== null && { body: JSON.stringify(body) }),
  });
  const parsed = parseBody(await readText(response), response);
  return { body: parsed, error: response.status === 200 ? null : errorOf(parsed, response.status) };
}

function addressOf(operation: Operation, url: string): URL {
  try {
    // A user would be shown in messages, a query would take the path, and a backslash is read as a slash.
    if (!/^https?:\/\/[^/?#@\s\\]+(\/[^?#\s\\]*)?$/i.test(url)) throw new Error();
    return new URL(`${url.replace(/\/+$/, '')}${pathOf(operation)}`);
  } catch {
    throw new UsageError(
      'The URL of the service (--url, UNKEY_URL) must be http or https, without user, query and backslash: for example http://127.0.0.1:7070.',
    );
  }
}

async function send(address: URL, request: RequestInit): Promise<Response> {
  try {
    // Neither the root key nor the body must reach another host.
    const signal = AbortSignal.timeout(timeoutMs);
    return await fetch(address, { ...request, redirect: 'manual', signal });
  } catch (error) {
    throw new CommandError(
      `${address.origin} cannot be reached (${reasonOf(error)}). Start the service with \`unkey serve\`, or name another with --url or UNKEY_URL.`,
    );
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : String(cause);
}

async function readText({ body, url }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body ?? []) {
      size += chunk.length;
      if (size > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new CommandError(`The response of ${url} cannot be read to its end (${reasonOf(error)}).`);
  }
  if (size > maxBytes) throw new CommandError(`The response of ${url} has more than ${maxBytes} bytes.`);
  return Buffer.concat(chunks).toString('utf8');
}

/** The JSON of a response of the API: each has a request id. */
function parseBody(text: string, { status, url }: Response): unknown {
  const body = parseJson(text);
  if (typeof (body as ErrorBody | null)?.meta?.requestId === 'string') return body;
  throw new CommandError(`${url} returned ${status}, and not a response of the Unkey API. See --url.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function errorOf(body: unknown, status: number): ApiError {
  const { meta, error } = (typeof body === 'object' && body !== null ? body : {}) as ErrorBody;
  return {
    status,
    title: error?.title ?? 'Error',
    detail: error?.detail ?? 'The response has no detail.',
    errors: error?.errors ?? [],
    requestId: meta?.requestId ?? 'without id',
  };
}
