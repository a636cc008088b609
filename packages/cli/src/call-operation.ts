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
  const parsed = parseBody(await response.text(), response);
  return { body: parsed, error: response.status === 200 ? null : errorOf(parsed, response.status) };
}

function addressOf(operation: Operation, url: string): URL {
  try {
    return new URL(`${url.replace(/\/+$/, '')}${pathOf(operation)}`);
  } catch {
    throw new UsageError(`'${url}' is not a valid URL, for example http://127.0.0.1:7070.`);
  }
}

async function send(address: URL, request: RequestInit): Promise<Response> {
  try {
    return await fetch(address, { ...request, signal: AbortSignal.timeout(timeoutMs) });
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

function parseBody(text: string, { status, url }: Response): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError(`${url} returned ${status} without JSON. Is it the Unkey API? See --url.`);
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
