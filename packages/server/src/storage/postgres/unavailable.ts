import { errorCode } from '../../base/error-code.ts';
import { StorageUnavailableError } from '../port/storage.ts';

const unreachable =
  'The database cannot be reached. Check that PostgreSQL runs and that DATABASE_URL leads to it; ' +
  'a running server goes on by itself once it does.';
const tooSlow = 'The database took too long. Look for what blocks or loads it (pg_stat_activity).';

const readOnlyCode = '25006';

/** SQLSTATEs that tell of the machine, not of the statement; the first two letters stand for their whole class. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['08', unreachable],
  ['28', 'The database refuses the user or the password in DATABASE_URL.'],
  ['3D', 'The database that DATABASE_URL names does not exist. Create it, or name another.'],
  ['40', 'The database could not put this write in order with others. Try again.'],
  ['53100', 'The disk of the database is full. Free some space there; nothing has to be restarted here.'],
  ['53200', 'The database is out of memory. Lower its load or give it more.'],
  ['53300', 'The database takes no more connections. Raise its max_connections, or end other clients.'],
  ['53', 'The database is out of a resource. Its log says which.'],
  ['55P03', tooSlow],
  ['57014', tooSlow],
  ['57', unreachable],
  ['58', 'The disk of the database cannot be read or written. Its log says more.'],
  [readOnlyCode, 'The database is read-only, as a standby is. Let DATABASE_URL lead to the primary.'],
  ['25P03', unreachable],
]);

/** The ways in which the driver says that there is no connection, or no longer. */
const lostMessage = /^(Connection terminated|timeout (exceeded|expired)|Client (has|was))/;
const lostCode = /^(E[A-Z]{3,}|08\w{3}|57P0\d|25P03)$/;
const timeoutMessage = 'Query read timeout';

/** The failure in the server's words when the machine is the cause; any other failure as it is. */
export function unavailable(error: unknown, options: { readonly mayBeDone?: boolean } = {}): unknown {
  const reason = reasonOf(error);
  return reason === undefined ? error : new StorageUnavailableError(reason, { ...options, cause: error });
}

/** As a standby itself says it when it is written to. */
export function standby(): Error {
  return Object.assign(new Error('The database is a standby.'), { code: readOnlyCode });
}

/** There is no connection, whatever the reason: of those of TLS there are many. */
export function unconnected(error: unknown): unknown {
  if (error instanceof Error && error.message.startsWith('Cannot use a pool')) return error;
  return new StorageUnavailableError(reasonOf(error) ?? unreachable, { cause: error });
}

/** The connection is gone; what was not committed on it did not happen. */
export function isLost(error: unknown): boolean {
  return error instanceof Error && (lostMessage.test(error.message) || lostCode.test(errorCode(error) ?? ''));
}

/** The connection must not be used again, though it may still be there. */
export function isSpoilt(error: unknown): boolean {
  if (error instanceof StorageUnavailableError) return isSpoilt(error.cause);
  return isLost(error) || hasTimedOut(error) || errorCode(error) === readOnlyCode;
}

/**
 * The database answered that it did not do it; any other failure leaves that open. Severities are told in the language of
 * the database: in another one all of them do.
 */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && error.severity === 'ERROR';
}

/** Others were in the way: a deadlock, or a row of the same unique key. Seen again from the start, it may go well. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01', '23505'].includes(errorCode(error) ?? '');
}

function hasTimedOut(error: unknown): boolean {
  return error instanceof Error && error.message === timeoutMessage;
}

function reasonOf(error: unknown): string | undefined {
  if (isLost(error)) return unreachable;
  if (hasTimedOut(error)) return tooSlow;
  const code = errorCode(error) ?? '';
  if (!/^[0-9A-Z]{5}$/.test(code)) return undefined;
  return reasons.get(code) ?? reasons.get(code.slice(0, 2));
}
