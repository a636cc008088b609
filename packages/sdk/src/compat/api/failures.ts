import {
  AbortError,
  ConfigurationError,
  isObject,
  isUnkeyError,
  ConnectionError as OwnConnectionError,
  TimeoutError,
} from '../../errors.ts';
import {
  APIError,
  BadRequestErrorResponse,
  ConflictErrorResponse,
  ConnectionError,
  type ErrorData,
  ForbiddenErrorResponse,
  GoneErrorResponse,
  type HttpMeta,
  InternalServerErrorResponse,
  InvalidRequestError,
  NotFoundErrorResponse,
  PreconditionFailedErrorResponse,
  RequestAbortedError,
  RequestTimeoutError,
  ResponseValidationError,
  TooManyRequestsErrorResponse,
  UnauthorizedErrorResponse,
  UnexpectedClientError,
} from './errors.ts';

type StatusErrorClass = new (data: never, meta: HttpMeta) => Error;

/** Classes of all operations. */
const classes: Readonly<Record<number, StatusErrorClass>> = {
  400: BadRequestErrorResponse,
  401: UnauthorizedErrorResponse,
  403: ForbiddenErrorResponse,
  404: NotFoundErrorResponse,
  429: TooManyRequestsErrorResponse,
  500: InternalServerErrorResponse,
};

/** Classes of single operations. Any other status is an `APIError`. */
const ownClasses: Readonly<Record<string, Readonly<Record<number, StatusErrorClass>>>> = {
  'apis.deleteApi': { 412: PreconditionFailedErrorResponse },
  'identities.createIdentity': { 409: ConflictErrorResponse },
  'permissions.createPermission': { 409: ConflictErrorResponse },
  'permissions.createRole': { 409: ConflictErrorResponse },
  'ratelimit.limit': { 410: GoneErrorResponse },
  'ratelimit.multiLimit': { 410: GoneErrorResponse },
};

/** Whether `@unkey/api` expects problem+json and takes an error in plain JSON for an `APIError`. */
function isProblem(operation: string, status: number): boolean {
  return status === 429 || operation === 'identities.deleteIdentity';
}

/** The error of `@unkey/api` for a response. */
export function responseFailure(operation: string, meta: HttpMeta): Error {
  const { status, headers } = meta.response;
  const mediaType = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  const isOk = status >= 200 && status <= 299;
  if (isOk && mediaType === 'application/json') return invalidResponse(meta);
  if (status < 400) return new APIError('Unexpected Status or Content-Type', meta);
  const Class = ownClasses[operation]?.[status] ?? classes[status];
  const expected = isProblem(operation, status) ? 'application/problem+json' : 'application/json';
  if (Class === undefined || mediaType !== expected) return new APIError('API error occurred', meta);
  const data = parse(meta.body) as Partial<ErrorData<never>> | undefined;
  if (!isObject(data?.meta) || !isObject(data.error)) return invalidResponse(meta);
  return new Class(data as never, meta);
}

function invalidResponse(meta: HttpMeta): Error {
  const rawMessage = 'Response validation failed';
  const cause = new TypeError('The response is not one of the API.');
  return new ResponseValidationError(rawMessage, { ...meta, cause, rawValue: parse(meta.body), rawMessage });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The error of `@unkey/api` for an error of our client without a response. */
export function clientFailure(error: unknown): Error {
  if (error instanceof ConfigurationError) return new InvalidRequestError(error.message);
  if (error instanceof TimeoutError) return new RequestTimeoutError('Request timed out', { cause: error });
  const cause = isUnkeyError(error) ? (error.cause ?? error) : error;
  if (error instanceof AbortError || nameOf(cause) === 'AbortError') {
    return new RequestAbortedError('Request aborted by client', { cause });
  }
  if (nameOf(cause) === 'TimeoutError') return new RequestTimeoutError('Request timed out', { cause });
  if (isConnectionFailure(cause)) return new ConnectionError('Unable to make request', { cause });
  return new UnexpectedClientError('Unexpected HTTP client error', { cause });
}

/** What `fetch` threw, so that our client retries it only if it can succeed later. */
export function asConnectionError(cause: unknown): OwnConnectionError {
  const retryable = nameOf(cause) === 'TimeoutError' || isConnectionFailure(cause);
  return new OwnConnectionError(`No response: ${innermostMessage(cause)}`, { cause, retryable });
}

function isConnectionFailure(cause: unknown): boolean {
  const { message = '', code } = (cause ?? {}) as { message?: string; code?: unknown };
  if (nameOf(cause) === 'ConnectionError' || code === 'ECONNRESET') return true;
  return cause instanceof TypeError && /^(failed to fetch|fetch failed|terminated)/i.test(message);
}

function nameOf(value: unknown): unknown {
  return (value as { name?: unknown } | undefined)?.name;
}

function innermostMessage(thrown: unknown): string {
  const { message, code, cause } = (thrown ?? {}) as { message?: unknown; code?: unknown; cause?: unknown };
  return cause ? innermostMessage(cause) : String(message || code || thrown);
}
