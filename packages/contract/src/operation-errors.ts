import { type ErrorCode, errors, rootKeyErrors, transportErrors } from './errors.ts';
import type { Operation } from './operation.ts';

/** Every error that an operation can be answered with, its own first, each once. */
export function errorsOf(operation: Pick<Operation, 'access' | 'errors'>): readonly ErrorCode[] {
  const behindRootKey = operation.access === 'public' ? [] : rootKeyErrors;
  return [...new Set<ErrorCode>([...operation.errors, ...behindRootKey, ...transportErrors])];
}

/** The same, by HTTP status, in rising order. */
export function errorsByStatus(
  operation: Pick<Operation, 'access' | 'errors'>,
): ReadonlyMap<number, readonly ErrorCode[]> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(operation)) {
    const status = errors[code][0];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return new Map([...byStatus].sort(([a], [b]) => a - b));
}
