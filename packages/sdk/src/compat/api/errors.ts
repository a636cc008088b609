import type { BadRequestErrorDetails, BaseError, Meta } from '../generated/components.ts';

/** The response that an error is about. */
export interface HttpMeta {
  response: Response;
  request: Request;
  body: string;
}

/** The base class of all errors with a response. */
export class UnkeyError extends Error {
  override name = 'UnkeyError';
  /** HTTP status. */
  readonly statusCode: number;
  /** The response's body as text. */
  readonly body: string;
  readonly headers: Headers;
  readonly contentType: string;
  /** The response, whose body has been read. */
  readonly rawResponse: Response;

  constructor(message: string, { response, body }: HttpMeta) {
    super(message);
    this.statusCode = response.status;
    this.body = body;
    this.headers = response.headers;
    this.contentType = response.headers.get('content-type') ?? '';
    this.rawResponse = response;
  }
}

/** An error response of a status that the operation does not declare, or of something before the service. */
export class APIError extends UnkeyError {
  override name = 'APIError';

  constructor(message: string, meta: HttpMeta) {
    const { status, headers } = meta.response;
    const contentType = headers.get('content-type') ?? '""';
    const shownType = contentType.includes(' ') ? `"${contentType}"` : contentType;
    const body = meta.body || '""';
    const left = body.length - longestShown;
    const shownBody = left > 0 ? `${body.slice(0, longestShown)}...and ${left} more chars` : body;
    const parts = [
      `${message && `${message}: `}Status ${status}`,
      contentType === 'application/json' ? '' : ` Content-Type ${shownType}`,
      body.length > 100 ? '\n' : '. ',
      `Body: ${shownBody}`,
    ];
    super(parts.join('').trim(), meta);
  }
}

const longestShown = 10_000;

/** The body of an error response. */
export interface ErrorData<Details> {
  meta: Meta;
  error: Details;
}

class StatusError<Details extends BaseError> extends UnkeyError {
  readonly meta: Meta;
  readonly error: Details;
  /** The whole body. */
  readonly data$: ErrorData<Details>;

  constructor(data: ErrorData<Details>, meta: HttpMeta) {
    const { message } = data as { message?: unknown };
    super(typeof message === 'string' ? message : `API error occurred: ${JSON.stringify(data)}`, meta);
    this.data$ = data;
    this.meta = data.meta;
    this.error = data.error;
  }
}

export type BadRequestErrorResponseData = ErrorData<BadRequestErrorDetails>;
/** 400. The request is invalid; `error.errors` lists the members. */
export class BadRequestErrorResponse extends StatusError<BadRequestErrorDetails> {
  override name = 'BadRequestErrorResponse';
}

export type UnauthorizedErrorResponseData = ErrorData<BaseError>;
/** 401. The root key is unknown. */
export class UnauthorizedErrorResponse extends StatusError<BaseError> {
  override name = 'UnauthorizedErrorResponse';
}

export type ForbiddenErrorResponseData = ErrorData<BaseError>;
/** 403. The root key lacks a permission. */
export class ForbiddenErrorResponse extends StatusError<BaseError> {
  override name = 'ForbiddenErrorResponse';
}

export type NotFoundErrorResponseData = ErrorData<BaseError>;
/** 404. The resource does not exist, or the root key may not see it. */
export class NotFoundErrorResponse extends StatusError<BaseError> {
  override name = 'NotFoundErrorResponse';
}

export type ConflictErrorResponseData = ErrorData<BaseError>;
/** 409. The resource exists already. */
export class ConflictErrorResponse extends StatusError<BaseError> {
  override name = 'ConflictErrorResponse';
}

export type GoneErrorResponseData = ErrorData<BaseError>;
/** 410. The resource was deleted. */
export class GoneErrorResponse extends StatusError<BaseError> {
  override name = 'GoneErrorResponse';
}

export type PreconditionFailedErrorResponseData = ErrorData<BaseError>;
/** 412. A precondition is missing. */
export class PreconditionFailedErrorResponse extends StatusError<BaseError> {
  override name = 'PreconditionFailedErrorResponse';
}

export type UnprocessableEntityErrorResponseData = ErrorData<BaseError>;
/** 422. The request is valid but cannot be processed. */
export class UnprocessableEntityErrorResponse extends StatusError<BaseError> {
  override name = 'UnprocessableEntityErrorResponse';
}

export type TooManyRequestsErrorResponseData = ErrorData<BaseError>;
/** 429. The workspace has reached its rate limit. */
export class TooManyRequestsErrorResponse extends StatusError<BaseError> {
  override name = 'TooManyRequestsErrorResponse';
}

export type InternalServerErrorResponseData = ErrorData<BaseError>;
/** 500. The service failed. */
export class InternalServerErrorResponse extends StatusError<BaseError> {
  override name = 'InternalServerErrorResponse';
}

export type ServiceUnavailableErrorResponseData = ErrorData<BaseError>;
/** 503. The service is temporarily unavailable. */
export class ServiceUnavailableErrorResponse extends StatusError<BaseError> {
  override name = 'ServiceUnavailableErrorResponse';
}

/** A response that is not one of the API. */
export class ResponseValidationError extends UnkeyError {
  override name = 'ResponseValidationError';
  /** The value that was received. */
  readonly rawValue: unknown;
  readonly rawMessage: unknown;

  constructor(message: string, extra: HttpMeta & { cause: unknown; rawValue: unknown; rawMessage: unknown }) {
    super(message, extra);
    this.cause = extra.cause;
    this.rawValue = extra.rawValue;
    this.rawMessage = extra.rawMessage;
  }

  /** The error as text. */
  pretty(): string {
    return this.toString();
  }
}

/** Never thrown here: the service checks requests. `instanceof` is true of `ResponseValidationError`. */
export class SDKValidationError extends Error {
  override name = 'SDKValidationError';
  readonly rawValue: unknown;
  readonly rawMessage: unknown;

  static override [Symbol.hasInstance](value: unknown): value is SDKValidationError {
    return value instanceof Error && 'rawValue' in value && 'rawMessage' in value && 'pretty' in value;
  }

  constructor(message: string, cause: unknown, rawValue: unknown) {
    super(`${message}: ${cause}`, { cause });
    this.rawValue = rawValue;
    this.rawMessage = message;
  }

  /** The error as text. */
  pretty(): string {
    return this.toString();
  }
}

/** The base class of all errors without a response. */
export class HTTPClientError extends Error {
  override name = 'HTTPClientError';
  declare readonly cause: unknown;

  constructor(message: string, options?: { cause?: unknown }) {
    super(options?.cause ? `${message}: ${options.cause}` : message, options);
  }
}

/** A hook or a fetcher failed, or something that nothing else describes. */
export class UnexpectedClientError extends HTTPClientError {
  override name = 'UnexpectedClientError';
}

/** The request cannot be made: an option is invalid. */
export class InvalidRequestError extends HTTPClientError {
  override name = 'InvalidRequestError';
}

/** The call was aborted by its signal. */
export class RequestAbortedError extends HTTPClientError {
  override readonly name = 'RequestAbortedError';
}

/** An attempt took longer than `timeoutMs`. */
export class RequestTimeoutError extends HTTPClientError {
  override readonly name = 'RequestTimeoutError';
}

/** There was no response. */
export class ConnectionError extends HTTPClientError {
  override readonly name = 'ConnectionError';
}
