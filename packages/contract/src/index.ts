export type { Access, AccessCheck, Condition, Requirement } from './access.ts';
export type { AuditEvent } from './audit.ts';
export { describeAccess } from './describe-access.ts';
export { errorMeanings } from './error-meanings.ts';
export { type ErrorCode, errors, errorType, statusesWithIssues } from './errors.ts';
export { idempotencyKey, idempotencyLifetimes } from './idempotency.ts';
export { type VerificationCode, verificationCodes } from './keys/verify-key.ts';
export { suggestion } from './near-matches.ts';
export { openapi } from './openapi.ts';
export { type Declaration, type Mode, maxBodyBytesOf, type Operation, pathOf } from './operation.ts';
export { errorsByStatus, errorsOf } from './operation-errors.ts';
export {
  type InputOf,
  type OperationId,
  type Operations,
  type OutputOf,
  operationIds,
  operations,
} from './operations.ts';
export {
  allRootKeyPermissions,
  isRootKeyPermission,
  rootKeyGrants,
  rootKeyPermissions,
} from './permissions.ts';
export { integerMax } from './schemas/integer.ts';
export { itemsMax } from './schemas/items-max.ts';
export type { KeySettings, NewKeySettings } from './schemas/key.ts';
export { type Issue, issuesMax, issuesOf, isValid, locationOf } from './validate.ts';
export { version } from './version.ts';
