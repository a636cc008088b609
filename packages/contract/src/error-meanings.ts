import type { ErrorCode } from './errors.ts';

/** When each error comes, in a sentence. */
export const errorMeanings: Readonly<Record<ErrorCode, string>> = {
  'user/bad_request/permissions_query_syntax_error': 'The permission query cannot be read.',
  'user/bad_request/request_body_unreadable': 'The body broke off before its end.',
  'user/bad_request/request_timeout': 'The request took more than a minute.',
  'user/bad_request/request_body_too_large': 'The body is larger than the service accepts.',
  'user/too_many_requests/workspace_rate_limited':
    'The workspace has used up its requests of this minute. `Retry-After` says when to try again.',
  'unkey/routing/route_not_found': 'There is no operation at this path.',
  'unkey/routing/method_not_allowed':
    'The operation exists, but not under this method. `Allow` names the right one.',
  'unkey/authentication/malformed':
    'The `Authorization` header, or a key that is being migrated, does not have the right form.',
  'unkey/authentication/key_not_found': 'The root key does not exist, was deleted, or is not a root key.',
  'unkey/authorization/insufficient_permissions': 'The root key lacks a permission; the detail names it.',
  'unkey/authorization/forbidden': 'The root key has expired.',
  'unkey/authorization/key_disabled': 'The root key is disabled.',
  'unkey/authorization/workspace_disabled': 'The workspace is disabled.',
  'unkey/data/api_not_found': 'The API does not exist, or the root key may not know of it.',
  'unkey/data/identity_not_found': 'The identity does not exist.',
  'unkey/data/identity_already_exists': 'The external id is taken.',
  'unkey/data/key_not_found': 'The key does not exist, or the root key may not know of it.',
  'unkey/data/migration_not_found': 'The migration does not exist.',
  'unkey/data/permission_not_found': 'The permission does not exist.',
  'unkey/data/permission_already_exists': 'The slug is taken.',
  'unkey/data/ratelimit_namespace_not_found': 'The namespace does not exist.',
  'unkey/data/ratelimit_namespace_gone': 'The namespace was deleted.',
  'unkey/data/ratelimit_override_not_found':
    'The override does not exist, or the root key may not know of it.',
  'unkey/data/role_not_found': 'The role does not exist.',
  'unkey/data/role_already_exists': 'The name is taken.',
  'unkey/data/workspace_not_found': 'The workspace of the root key does not exist.',
  'unkey/application/invalid_input': 'The request does not have the right form; `errors` says where.',
  'unkey/application/idempotency_conflict':
    'The `Idempotency-Key` was sent before with another body or by another root key.',
  'unkey/application/precondition_failed': 'Something has to be set up first; the detail says what.',
  'unkey/application/protected_resource': 'The thing is protected against deletion.',
  'unkey/application/service_unavailable':
    'A part that the service needs is away or full. Nothing was done: send the request again later.',
  'unkey/application/unexpected_error': 'The service failed. Quote the request id when you report it.',
};
