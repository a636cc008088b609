/**
 * Every error that a client can see. The code is the last part of the wire's `type`
 * (`https://unkey.com/docs/errors/<code>`); status and title are part of the wire format.
 */
export const errors = {
  'user/bad_request/permissions_query_syntax_error': [400, 'Bad Request'],
  'user/bad_request/request_body_unreadable': [400, 'Bad Request'],
  'user/bad_request/request_timeout': [408, 'Request Timeout'],
  'user/bad_request/request_body_too_large': [413, 'Request Entity Too Large'],
  'user/bad_request/unsupported_content_encoding': [415, 'Unsupported Media Type'],
  'user/bad_request/expectation_failed': [417, 'Expectation Failed'],
  'user/bad_request/headers_too_large': [431, 'Request Header Fields Too Large'],
  'user/too_many_requests/workspace_rate_limited': [429, 'Too Many Requests'],
  'unkey/routing/route_not_found': [404, 'Not Found'],
  'unkey/routing/method_not_allowed': [405, 'Method Not Allowed'],
  'unkey/authentication/malformed': [400, 'Bad Request'],
  'unkey/authentication/key_not_found': [401, 'Unauthorized'],
  'unkey/authorization/insufficient_permissions': [403, 'Insufficient Permissions'],
  'unkey/authorization/forbidden': [403, 'Forbidden'],
  'unkey/authorization/key_disabled': [403, 'Key is disabled'],
  'unkey/authorization/workspace_disabled': [403, 'Workspace is disabled'],
  'unkey/data/api_not_found': [404, 'Not Found'],
  'unkey/data/identity_not_found': [404, 'Not Found'],
  'unkey/data/identity_already_exists': [409, 'Conflicting Resource'],
  'unkey/data/key_not_found': [404, 'Not Found'],
  'unkey/data/migration_not_found': [404, 'Not Found'],
  'unkey/data/permission_not_found': [404, 'Not Found'],
  'unkey/data/permission_already_exists': [409, 'Conflicting Resource'],
  'unkey/data/ratelimit_namespace_not_found': [404, 'Not Found'],
  'unkey/data/ratelimit_namespace_gone': [410, 'Resource Gone'],
  'unkey/data/ratelimit_override_not_found': [404, 'Not Found'],
  'unkey/data/role_not_found': [404, 'Not Found'],
  'unkey/data/role_already_exists': [409, 'Conflicting Resource'],
  'unkey/data/workspace_not_found': [404, 'Not Found'],
  'unkey/application/invalid_input': [400, 'Bad Request'],
  'unkey/application/idempotency_conflict': [409, 'Idempotency Conflict'],
  'unkey/application/precondition_failed': [412, 'Precondition Failed'],
  'unkey/application/protected_resource': [412, 'Resource is protected'],
  'unkey/application/unexpected_error': [500, 'Internal Server Error'],
  'unkey/application/service_unavailable': [503, 'Service Unavailable'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ErrorCode = keyof typeof errors;

/** The statuses whose `error` always has `errors`, which may be empty. */
export const statusesWithIssues: ReadonlySet<number> = new Set([400, 408, 413]);

/** Errors that any request can get, whatever the operation. */
export const transportErrors = [
  'unkey/routing/method_not_allowed',
  'user/bad_request/request_timeout',
  'unkey/application/unexpected_error',
  'unkey/application/service_unavailable',
] as const satisfies readonly ErrorCode[];

/** Errors that any operation with a root key can return, besides {@link transportErrors}. */
export const rootKeyErrors = [
  'unkey/application/invalid_input',
  'user/bad_request/request_body_unreadable',
  'user/bad_request/request_body_too_large',
  'unkey/authentication/malformed',
  'unkey/authentication/key_not_found',
  'unkey/authorization/insufficient_permissions',
  'unkey/authorization/forbidden',
  'unkey/authorization/key_disabled',
  'unkey/authorization/workspace_disabled',
  'unkey/data/workspace_not_found',
  'user/bad_request/unsupported_content_encoding',
  'user/too_many_requests/workspace_rate_limited',
] as const satisfies readonly ErrorCode[];

/** Additional errors of operations that honour `Idempotency-Key`. */
export const idempotencyErrors = [
  'unkey/application/idempotency_conflict',
] as const satisfies readonly ErrorCode[];

/** The wire's `error.type`. */
export function errorType(code: ErrorCode): string {
  return `https://unkey.com/docs/errors/${code}`;
}
