import type { ErrorCode } from './errors.ts';

/** When each error occurs, in one sentence. */
export const errorMeanings: Readonly<Record<ErrorCode, string>> = {
  'user/bad_request/permissions_query_syntax_error': 'The permission query has a syntax error.',
  'user/bad_request/request_body_unreadable': 'The body is incomplete.',
  'user/bad_request/request_timeout': 'The request took more than a minute.',
  'user/bad_request/request_body_too_large': 'The body is larger than the service accepts.',
  'user/bad_request/unsupported_content_encoding': 'The body has a `Content-Encoding`. Send it uncompressed.',
  'user/bad_request/expectation_failed': 'The `Expect` header is not `100-continue`.',
  'user/bad_request/headers_too_large': 'The headers are larger than 64 kB.',
  'user/too_many_requests/workspace_rate_limited':
    'The workspace has exceeded its limit of requests, of verifications of unknown keys, or of recorded responses, or the address has sent too many unknown root keys, or the service is receiving too many large bodies. Retry after `Retry-After`.',
  'unkey/routing/route_not_found': 'No operation has this path.',
  'unkey/routing/method_not_allowed':
    'The operation does not support this method. `Allow` names the method that it supports.',
  'unkey/authentication/malformed': 'The `Authorization` header, or a key of a migration, is malformed.',
  'unkey/authentication/key_not_found': 'The root key does not exist, was deleted, or is not a root key.',
  'unkey/authorization/insufficient_permissions': 'The root key lacks a permission, which `detail` names.',
  'unkey/authorization/forbidden': 'The root key has expired.',
  'unkey/authorization/key_disabled': 'The root key is disabled.',
  'unkey/authorization/workspace_disabled': 'The workspace is disabled.',
  'unkey/data/api_not_found': 'The API does not exist, or the root key may not see it.',
  'unkey/data/identity_not_found': 'The identity does not exist.',
  'unkey/data/identity_already_exists': 'Another identity has the external id.',
  'unkey/data/key_not_found': 'The key does not exist, or the root key may not see it.',
  'unkey/data/migration_not_found': 'The migration does not exist.',
  'unkey/data/permission_not_found': 'The permission does not exist.',
  'unkey/data/permission_already_exists': 'Another permission has the slug.',
  'unkey/data/ratelimit_namespace_not_found': 'The namespace does not exist.',
  'unkey/data/ratelimit_namespace_gone': 'The namespace was deleted.',
  'unkey/data/ratelimit_override_not_found': 'The override does not exist, or the root key may not see it.',
  'unkey/data/role_not_found': 'The role does not exist.',
  'unkey/data/role_already_exists': 'Another role has the name.',
  'unkey/data/workspace_not_found': 'The workspace of the root key does not exist.',
  'unkey/application/invalid_input': 'The request is invalid; `errors` lists the issues.',
  'unkey/application/idempotency_conflict':
    'The `Idempotency-Key` was used before with another body or by another root key.',
  'unkey/application/precondition_failed': 'A precondition is not met; `detail` names it.',
  'unkey/application/protected_resource': 'The resource is protected against deletion.',
  'unkey/application/service_unavailable':
    'A dependency of the service is unavailable or full. Nothing was done: retry later.',
  'unkey/application/unexpected_error': 'Internal error. Quote the request id when you report it.',
};
