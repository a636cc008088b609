import { APIError, type Details, type ErrorBody, type ErrorClasses, nameErrors } from './errors.ts';
import type { HeadersLike } from './platform.ts';

const classes = new Map<number, typeof APIError>();

/** Status → class. */
export const statusErrors: ErrorClasses = classes;

/** What a constructed error has besides its message. */
interface StatusErrorDetails extends Details {
  /** Gives the headers. */
  readonly response?: { readonly headers: HeadersLike };
}

/** The class of a status. It always has a response, so its members are not optional. */
interface StatusErrorClass<Name extends string, Status extends number> {
  /** From a message, or, as in `@unkey/api`, from a body; for tests of your own. */
  new (
    message: string | ErrorBody,
    details?: StatusErrorDetails,
  ): APIError & {
    readonly name: Name;
    readonly status: Status;
    readonly statusCode: Status;
    readonly headers: HeadersLike;
    readonly body: string;
  };
}

function statusError<const Name extends string, const Status extends number>(
  name: Name,
  status: Status,
): StatusErrorClass<Name, Status> {
  class StatusError extends APIError {
    constructor(message: string | ErrorBody, { response, ...details }: StatusErrorDetails = {}) {
      const { headers } = response ?? {};
      const data = typeof message === 'string' ? undefined : message;
      const { detail, title, errors = [] } = data?.error ?? {};
      super(data ? (detail ?? title ?? name) : (message as string), {
        status,
        ...(headers && { headers }),
        ...(data && { data, errors }),
        ...details,
      });
    }

    // By status, so that it also matches errors of `UnkeyCore`, which throws `APIError` only.
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof APIError && value.status === status && !value.foreign;
    }
  }
  nameErrors(StatusError.prototype, name);
  // Some loggers read the name of the class.
  Object.defineProperty(StatusError, 'name', { value: name });
  classes.set(status, StatusError);
  return StatusError as unknown as StatusErrorClass<Name, Status>;
}

/** 400. The request is invalid; `errors` lists the members. */
export const BadRequestErrorResponse = statusError('BadRequestErrorResponse', 400);
export type BadRequestErrorResponse = InstanceType<typeof BadRequestErrorResponse>;

/** 401. The root key is unknown. */
export const UnauthorizedErrorResponse = statusError('UnauthorizedErrorResponse', 401);
export type UnauthorizedErrorResponse = InstanceType<typeof UnauthorizedErrorResponse>;

/** 403. The root key lacks a permission, has expired, or is disabled. */
export const ForbiddenErrorResponse = statusError('ForbiddenErrorResponse', 403);
export type ForbiddenErrorResponse = InstanceType<typeof ForbiddenErrorResponse>;

/** 404. The resource does not exist, or the root key may not see it. */
export const NotFoundErrorResponse = statusError('NotFoundErrorResponse', 404);
export type NotFoundErrorResponse = InstanceType<typeof NotFoundErrorResponse>;

/** 405. The path does not accept this method. */
export const MethodNotAllowedErrorResponse = statusError('MethodNotAllowedErrorResponse', 405);
export type MethodNotAllowedErrorResponse = InstanceType<typeof MethodNotAllowedErrorResponse>;

/** 408. The service stopped waiting for the request. */
export const RequestTimeoutErrorResponse = statusError('RequestTimeoutErrorResponse', 408);
export type RequestTimeoutErrorResponse = InstanceType<typeof RequestTimeoutErrorResponse>;

/** 409. The resource exists already, or the idempotency key was used for another request. */
export const ConflictErrorResponse = statusError('ConflictErrorResponse', 409);
export type ConflictErrorResponse = InstanceType<typeof ConflictErrorResponse>;

/** 410. The resource was deleted. */
export const GoneErrorResponse = statusError('GoneErrorResponse', 410);
export type GoneErrorResponse = InstanceType<typeof GoneErrorResponse>;

/** 412. A precondition is missing: the API is protected, or stores no recoverable keys. */
export const PreconditionFailedErrorResponse = statusError('PreconditionFailedErrorResponse', 412);
export type PreconditionFailedErrorResponse = InstanceType<typeof PreconditionFailedErrorResponse>;

/** 413. The request is too large. */
export const ContentTooLargeErrorResponse = statusError('ContentTooLargeErrorResponse', 413);
export type ContentTooLargeErrorResponse = InstanceType<typeof ContentTooLargeErrorResponse>;

/** 422. The request is valid but cannot be processed. */
export const UnprocessableEntityErrorResponse = statusError('UnprocessableEntityErrorResponse', 422);
export type UnprocessableEntityErrorResponse = InstanceType<typeof UnprocessableEntityErrorResponse>;

/** 429. The workspace has reached its rate limit; see `rateLimit`. */
export const TooManyRequestsErrorResponse = statusError('TooManyRequestsErrorResponse', 429);
export type TooManyRequestsErrorResponse = InstanceType<typeof TooManyRequestsErrorResponse>;

/** 500. The service failed. */
export const InternalServerErrorResponse = statusError('InternalServerErrorResponse', 500);
export type InternalServerErrorResponse = InstanceType<typeof InternalServerErrorResponse>;

/** 503. The service is temporarily unavailable. */
export const ServiceUnavailableErrorResponse = statusError('ServiceUnavailableErrorResponse', 503);
export type ServiceUnavailableErrorResponse = InstanceType<typeof ServiceUnavailableErrorResponse>;
