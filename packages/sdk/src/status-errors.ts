import { APIError, type Details, type ErrorClasses, nameErrors } from './errors.ts';
import type { HeadersLike } from './platform.ts';

const classes = new Map<number, typeof APIError>();

/** Status → class. */
export const statusErrors: ErrorClasses = classes;

/** The class of a status: what it is thrown for is an answer, so it has what an answer has. */
interface StatusErrorClass<Name extends string, Status extends number> {
  new (
    message: string,
    details?: Details,
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
    // By status, so that it holds for errors of `UnkeyCore`, too, which does without these classes.
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof APIError && value.status === status;
    }
  }
  nameErrors(StatusError.prototype, name);
  // Loggers also ask the class.
  Object.defineProperty(StatusError, 'name', { value: name });
  classes.set(status, StatusError);
  return StatusError as unknown as StatusErrorClass<Name, Status>;
}

/** 400. The request is wrong; `errors` says where. */
export const BadRequestErrorResponse = statusError('BadRequestErrorResponse', 400);
export type BadRequestErrorResponse = InstanceType<typeof BadRequestErrorResponse>;

/** 401. The root key is not known. */
export const UnauthorizedErrorResponse = statusError('UnauthorizedErrorResponse', 401);
export type UnauthorizedErrorResponse = InstanceType<typeof UnauthorizedErrorResponse>;

/** 403. The root key may not do this, has expired, or is disabled. */
export const ForbiddenErrorResponse = statusError('ForbiddenErrorResponse', 403);
export type ForbiddenErrorResponse = InstanceType<typeof ForbiddenErrorResponse>;

/** 404. What the request names does not exist, or the root key may not know of it. */
export const NotFoundErrorResponse = statusError('NotFoundErrorResponse', 404);
export type NotFoundErrorResponse = InstanceType<typeof NotFoundErrorResponse>;

/** 405. The path is called with another method. */
export const MethodNotAllowedErrorResponse = statusError('MethodNotAllowedErrorResponse', 405);
export type MethodNotAllowedErrorResponse = InstanceType<typeof MethodNotAllowedErrorResponse>;

/** 408. The service gave the request up. */
export const RequestTimeoutErrorResponse = statusError('RequestTimeoutErrorResponse', 408);
export type RequestTimeoutErrorResponse = InstanceType<typeof RequestTimeoutErrorResponse>;

/** 409. It exists already, or an idempotency key was used for something else. */
export const ConflictErrorResponse = statusError('ConflictErrorResponse', 409);
export type ConflictErrorResponse = InstanceType<typeof ConflictErrorResponse>;

/** 410. It was deleted for good. */
export const GoneErrorResponse = statusError('GoneErrorResponse', 410);
export type GoneErrorResponse = InstanceType<typeof GoneErrorResponse>;

/** 412. The state of things forbids it: a protected API, a service that stores no keys. */
export const PreconditionFailedErrorResponse = statusError('PreconditionFailedErrorResponse', 412);
export type PreconditionFailedErrorResponse = InstanceType<typeof PreconditionFailedErrorResponse>;

/** 413. The request is larger than the service reads. */
export const ContentTooLargeErrorResponse = statusError('ContentTooLargeErrorResponse', 413);
export type ContentTooLargeErrorResponse = InstanceType<typeof ContentTooLargeErrorResponse>;

/** 422. The request is understood and cannot be done. */
export const UnprocessableEntityErrorResponse = statusError('UnprocessableEntityErrorResponse', 422);
export type UnprocessableEntityErrorResponse = InstanceType<typeof UnprocessableEntityErrorResponse>;

/** 429. The workspace has used up its requests; see `rateLimit`. */
export const TooManyRequestsErrorResponse = statusError('TooManyRequestsErrorResponse', 429);
export type TooManyRequestsErrorResponse = InstanceType<typeof TooManyRequestsErrorResponse>;

/** 500. The service failed. */
export const InternalServerErrorResponse = statusError('InternalServerErrorResponse', 500);
export type InternalServerErrorResponse = InstanceType<typeof InternalServerErrorResponse>;

/** 503. The service cannot do it now. */
export const ServiceUnavailableErrorResponse = statusError('ServiceUnavailableErrorResponse', 503);
export type ServiceUnavailableErrorResponse = InstanceType<typeof ServiceUnavailableErrorResponse>;
