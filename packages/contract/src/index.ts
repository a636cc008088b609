export type { Access, AccessCheck, Need, Requirement } from './access.ts';
export { type AuditEvent, auditEvents } from './audit.ts';
export { type ErrorCode, errors, errorType, rootKeyErrors, transportErrors } from './errors.ts';
export { type VerificationCode, verificationCodes } from './keys/verify-key.ts';
export { type Mode, type Operation, pathOf } from './operation.ts';
export {
  type InputOf,
  type OperationId,
  type Operations,
  type OutputOf,
  operationIds,
  operations,
} from './operations.ts';
export { MAX_INTEGER } from './schemas/integer.ts';
export { MAX_TIME } from './schemas/key.ts';
