import { APIError, type Details, type ErrorBody, explanationOf, nameErrors } from './errors.ts';
import type { HeadersLike } from './platform.ts';

/** Status → class name, without its suffix. */
const names = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  408: 'RequestTimeout',
  409: 'Conflict',
  410: 'Gone',
  412: 'PreconditionFailed',
  413: 'ContentTooLarge',
  422: 'UnprocessableEntity',
  429: 'TooManyRequests',
  500: 'InternalServer',
  503: 'ServiceUnavailable',
} as const;

const classes: Record<number, typeof APIError> = {};

/** The class of a status; `APIError` if it has none. */
export function classFor(status: number): typeof APIError {
  return status in names ? classOf(status as keyof typeof names) : APIError;
}

/** The class of a status. It always has a response, so its members are not optional. */
interface StatusErrorClass<Name extends string, Status extends number> {
  /** From a message, or, as in `@unkey/api`, from a body; for tests of your own. */
  new (
    message: string | ErrorBody,
    details?: Details,
  ): APIError & {
    readonly name: Name;
    readonly status: Status;
    readonly statusCode: Status;
    readonly headers: HeadersLike;
    readonly body: string;
  };
}

function statusError<const Status extends keyof typeof names>(status: Status) {
  return classOf(status) as unknown as StatusErrorClass<`${(typeof names)[Status]}ErrorResponse`, Status>;
}

// Created when needed: a bundle has the classes that it uses.
function classOf(status: keyof typeof names): typeof APIError {
  classes[status] ??= createClass(`${names[status]}ErrorResponse`, status);
  return classes[status];
}

function createClass(name: string, status: number): typeof APIError {
  class StatusError extends APIError {
    constructor(message: string | ErrorBody, details: Details = {}) {
      const data = typeof message === 'string' ? undefined : message;
      super(data ? (explanationOf(data.error) ?? name) : (message as string), {
        status,
        ...(data && { data }),
        ...details,
      });
    }

    // By status, so that it also matches errors of `UnkeyCore`, which throws `APIError` only.
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof APIError && value.status === status && !value.foreign;
    }
  }
  nameErrors({ [name]: StatusError });
  return StatusError;
}

/** 400. The request is invalid; `errors` lists the members. */
export const BadRequestErrorResponse = /* @__PURE__ */ statusError(400);
export type BadRequestErrorResponse = InstanceType<typeof BadRequestErrorResponse>;

/** 401. The root key is unknown. */
export const UnauthorizedErrorResponse = /* @__PURE__ */ statusError(401);
export type UnauthorizedErrorResponse = InstanceType<typeof UnauthorizedErrorResponse>;

/** 403. The root key lacks a permission, has expired, or is disabled. */
export const ForbiddenErrorResponse = /* @__PURE__ */ statusError(403);
export type ForbiddenErrorResponse = InstanceType<typeof ForbiddenErrorResponse>;

/** 404. The resource does not exist, or the root key may not see it. */
export const NotFoundErrorResponse = /* @__PURE__ */ statusError(404);
export type NotFoundErrorResponse = InstanceType<typeof NotFoundErrorResponse>;

/** 405. The path does not accept this method. */
export const MethodNotAllowedErrorResponse = /* @__PURE__ */ statusError(405);
export type MethodNotAllowedErrorResponse = InstanceType<typeof MethodNotAllowedErrorResponse>;

/** 408. The service stopped waiting for the request. */
export const RequestTimeoutErrorResponse = /* @__PURE__ */ statusError(408);
export type RequestTimeoutErrorResponse = InstanceType<typeof RequestTimeoutErrorResponse>;

/** 409. The resource exists already, or the idempotency key was used for another request. */
export const ConflictErrorResponse = /* @__PURE__ */ statusError(409);
export type ConflictErrorResponse = InstanceType<typeof ConflictErrorResponse>;

/** 410. The resource was deleted. */
export const GoneErrorResponse = /* @__PURE__ */ statusError(410);
export type GoneErrorResponse = InstanceType<typeof GoneErrorResponse>;

/** 412. A precondition is missing: the API is protected, or stores no recoverable keys. */
export const PreconditionFailedErrorResponse = /* @__PURE__ */ statusError(412);
export type PreconditionFailedErrorResponse = InstanceType<typeof PreconditionFailedErrorResponse>;

/** 413. The request is too large. */
export const ContentTooLargeErrorResponse = /* @__PURE__ */ statusError(413);
export type ContentTooLargeErrorResponse = InstanceType<typeof ContentTooLargeErrorResponse>;

/** 422. The request is valid but cannot be processed. */
export const UnprocessableEntityErrorResponse = /* @__PURE__ */ statusError(422);
export type UnprocessableEntityErrorResponse = InstanceType<typeof UnprocessableEntityErrorResponse>;

/** 429. The workspace has reached its rate limit; see `rateLimit`. */
export const TooManyRequestsErrorResponse = /* @__PURE__ */ statusError(429);
export type TooManyRequestsErrorResponse = InstanceType<typeof TooManyRequestsErrorResponse>;

/** 500. The service failed. */
export const InternalServerErrorResponse = /* @__PURE__ */ statusError(500);
export type InternalServerErrorResponse = InstanceType<typeof InternalServerErrorResponse>;

/** 503. The service is temporarily unavailable. */
export const ServiceUnavailableErrorResponse = /* @__PURE__ */ statusError(503);
export type ServiceUnavailableErrorResponse = InstanceType<typeof ServiceUnavailableErrorResponse>;
