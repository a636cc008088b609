import { type ErrorCode, errors, idempotencyErrors, rootKeyErrors, transportErrors } from './errors.ts';
import type { Operation } from './operation.ts';

/** The members of an operation that decide its errors. */
type Refusing = Pick<Operation, 'access' | 'errors' | 'idempotency'>;

/** Every error that an operation can return, its own first, each once. */
export function errorsOf(operation: Refusing): readonly ErrorCode[] {
  const ofRepetition = operation.idempotency === undefined ? [] : idempotencyErrors;
  const behindRootKey = operation.access === 'public' ? [] : rootKeyErrors;
  return [
    ...new Set<ErrorCode>([...operation.errors, ...ofRepetition, ...behindRootKey, ...transportErrors]),
  ];
}

/** The errors of {@link errorsOf} by HTTP status, in ascending order. */
export function errorsByStatus(operation: Refusing): ReadonlyMap<number, readonly ErrorCode[]> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(operation)) {
    const status = errors[code][0];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return new Map([...byStatus].sort(([a], [b]) => a - b));
}
