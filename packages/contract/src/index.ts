export type { Access, AccessCheck, Need, Requirement } from './access.ts';
export { type AuditEvent, auditEvents } from './audit.ts';
export { describeAccess } from './describe-access.ts';
export { errorMeanings } from './error-meanings.ts';
export { type ErrorCode, errors, errorType, rootKeyErrors, transportErrors } from './errors.ts';
export { type VerificationCode, verificationCodes } from './keys/verify-key.ts';
export { openapi } from './openapi.ts';
export { type Declaration, type Mode, type Operation, pathOf } from './operation.ts';
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
  isGrant,
  leavesOf,
  type RootKeyGrant,
  type RootKeyPermission,
  rootKeyGrants,
  rootKeyPermissions,
} from './permissions.ts';
export { MAX_INTEGER } from './schemas/integer.ts';
export { MAX_TIME } from './schemas/key.ts';
export { alphabets } from './schemas/pattern.ts';
export { type Issue, issuesOf, isValid, validatorOf } from './validate.ts';
