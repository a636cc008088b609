import { errorCode } from '../../base/error-code.ts';
import { StorageUnavailableError } from '../port/storage.ts';

const unreachable =
  'The database cannot be reached. Check that PostgreSQL runs and that DATABASE_URL points to it. ' +
  'A running server reconnects by itself.';
const tooSlow = 'The database took too long. Look in pg_stat_activity for long queries and locks.';

const readOnlyCode = '25006';

/** Remedies by SQLSTATE, or by its class (the first two letters). Only states caused by the environment, not by a statement. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['08', unreachable],
  ['28', 'The database refuses the user or the password in DATABASE_URL.'],
  ['3D', 'The database that DATABASE_URL names does not exist. Create it, or name another.'],
  [
    '42501',
    'The user in DATABASE_URL may not do this. Let it own the tables, or grant it the privileges it lacks.',
  ],
  ['40', 'The write conflicted with other writes. Try again.'],
  ['53100', 'The disk of the database is full. Free some space there; unkey-ts need not be restarted.'],
  ['53200', 'The database is out of memory. Lower its load or give it more.'],
  ['53300', 'The database accepts no more connections. Raise its max_connections, or close other clients.'],
  ['53', 'The database is out of a resource. Its log names it.'],
  ['55P03', tooSlow],
  ['57014', tooSlow],
  ['57', unreachable],
  ['58', 'The database cannot read or write its disk. Its log has the details.'],
  [readOnlyCode, 'The database is read-only, for example a standby. Point DATABASE_URL to the primary.'],
  ['25P03', unreachable],
]);

const untrusted =
  'The certificate of the database is not signed by a trusted authority. Name the authority with sslrootcert=FILE in ' +
  'DATABASE_URL.';

/** Remedies by the code that Node gives a failed TLS handshake. */
const tlsReasons: ReadonlyMap<string, string> = new Map([
  ['SELF_SIGNED_CERT_IN_CHAIN', untrusted],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', untrusted],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', untrusted],
  ['CERT_HAS_EXPIRED', 'The certificate of the database has expired.'],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'The certificate of the database is for another host name. Use that name in DATABASE_URL, or sslmode=verify-ca, ' +
      'which does not check names.',
  ],
]);

const noTls =
  'The database does not support TLS. Turn on `ssl` in PostgreSQL, or remove sslmode from DATABASE_URL.';

/** How the driver reports a missing or lost connection. */
const lostMessage = /^(Connection terminated|timeout (exceeded|expired)|Client (has|was))/;
const lostCode = /^(E[A-Z]{3,}|08\w{3}|57P0\d|25P03)$/;
const timeoutMessage = 'Query read timeout';

/** A StorageUnavailableError with the remedy when the environment is the cause; any other error unchanged. */
export function unavailable(error: unknown, options: { readonly mayBeDone?: boolean } = {}): unknown {
  const reason = reasonOf(error);
  return reason === undefined ? error : new StorageUnavailableError(reason, { ...options, cause: error });
}

/** The server of a connection is a standby, or does not accept writes. */
export function readOnlyServer(): Error {
  return Object.assign(new Error('The database is read-only.'), { code: readOnlyCode });
}

/** The server of a connection has been replaced by another primary; nothing was committed. */
export class ReplacedServerError extends StorageUnavailableError {
  constructor() {
    super(
      'This database server was the primary before another one was promoted. Point DATABASE_URL to the current primary. ' +
        'After restoring an older copy of the server, restart unkey-ts.',
      { cause: readOnlyServer() },
    );
  }
}

export function isReadOnlyError(error: unknown): boolean {
  return errorCode(error) === readOnlyCode;
}

export function unreachableError(): StorageUnavailableError {
  return new StorageUnavailableError(unreachable);
}

/** The error of a failed connect, whatever the reason: TLS alone has many. */
export function unconnected(error: unknown): unknown {
  if (error instanceof StorageUnavailableError) return error;
  if (error instanceof Error && error.message.startsWith('Cannot use a pool')) return error;
  return new StorageUnavailableError(connectReasonOf(error), { cause: error });
}

function connectReasonOf(error: unknown): string {
  const code = errorCode(error) ?? '';
  const { message = '', path, syscall } = error as Partial<NodeJS.ErrnoException>;
  if (syscall === 'open') return `DATABASE_URL names the file ${path}, which cannot be read (${code}).`;
  if (message.includes('does not support SSL')) return noTls;
  if (message.includes('verify-ca')) return 'sslmode=verify-ca in DATABASE_URL needs sslrootcert=FILE.';
  return tlsReasons.get(code) ?? reasonOf(error) ?? unreachable;
}

/** The connection is lost; its open transaction did not happen. */
export function isLost(error: unknown): boolean {
  return error instanceof Error && (lostMessage.test(error.message) || lostCode.test(errorCode(error) ?? ''));
}

/** The connection must not return to the pool, though it may still be open. */
export function mustDiscard(error: unknown): boolean {
  if (error instanceof StorageUnavailableError) return mustDiscard(error.cause);
  return isLost(error) || hasTimedOut(error) || isReadOnlyError(error) || isOutdatedPlan(error);
}

/**
 * The database reported that the statement failed; after any other error it may have been executed. Severities are in the
 * language of the database: with another language than English, this is never true, which is safe.
 */
export function isRefused(error: unknown): boolean {
  return isReported(error) && error.severity === 'ERROR';
}

/** The database itself reported the error. */
export function isReported(error: unknown): error is Error & { readonly severity: unknown } {
  return error instanceof Error && 'severity' in error;
}

/** A deadlock, a serialization failure or a unique violation: a retry of the transaction may succeed. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01', '23505'].includes(errorCode(error) ?? '');
}

/** Nothing was committed, and the error may not come again. */
export function isRetryable(error: unknown): boolean {
  if (isConflict(error) || isLost(error) || isReadOnlyError(error) || isOutdatedPlan(error)) return true;
  return error instanceof ReplacedServerError;
}

/** A newer process has changed a table since this connection prepared the statement. The message has a language. */
export function isOutdatedPlan(error: unknown): boolean {
  return error instanceof Error && 'routine' in error && error.routine === 'RevalidateCachedQuery';
}

/** The client gave up waiting. */
export function hasTimedOut(error: unknown): boolean {
  return error instanceof Error && error.message === timeoutMessage;
}

function reasonOf(error: unknown): string | undefined {
  if (isLost(error)) return unreachable;
  if (hasTimedOut(error)) return tooSlow;
  const code = errorCode(error) ?? '';
  if (!/^[0-9A-Z]{5}$/.test(code)) return undefined;
  return reasons.get(code) ?? reasons.get(code.slice(0, 2));
}
