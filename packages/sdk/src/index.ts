export { Call, type ResponseInfo, type Result } from './call.ts';
export { Unkey } from './client.ts';
export { UnkeyCore } from './core.ts';
export {
  AbortError,
  APIError,
  ConfigurationError,
  ConnectionError,
  type ErrorBody,
  type Issue,
  isUnkeyError,
  ResponseValidationError,
  TimeoutError,
  UnkeyError,
} from './errors.ts';
export type * from './generated/api.ts';
export type { CommonErrorCode, ErrorCode } from './generated/error-codes.ts';
export type { Hooks, RequestContext, ResponseContext, RetryContext } from './hooks.ts';
export { match } from './match.ts';
export type {
  CallOptions,
  ClientOptions,
  CoreOptions,
  DebugFields,
  DebugLogger,
  HeaderOptions,
  IdempotentCallOptions,
} from './options.ts';
export type { ClientLike } from './own-client.ts';
export { ListCall, Page } from './page.ts';
export type { AbortSignalLike, Fetch, FetchInit, HeadersLike, ResponseLike } from './platform.ts';
export type { RateLimit } from './rate-limit.ts';
// With a star, so that applications can add members to `Register`.
export type * from './register.ts';
export type { Meta, PageBody, Pagination, ResponseBody } from './response-body.ts';
export type { RetryOptions } from './retry.ts';
export {
  BadRequestErrorResponse,
  ConflictErrorResponse,
  ContentTooLargeErrorResponse,
  ForbiddenErrorResponse,
  GoneErrorResponse,
  InternalServerErrorResponse,
  MethodNotAllowedErrorResponse,
  NotFoundErrorResponse,
  PreconditionFailedErrorResponse,
  RequestTimeoutErrorResponse,
  ServiceUnavailableErrorResponse,
  TooManyRequestsErrorResponse,
  UnauthorizedErrorResponse,
  UnprocessableEntityErrorResponse,
} from './status-errors.ts';
