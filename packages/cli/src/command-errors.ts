/** The command line itself is wrong; exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command was understood and could not be done; the message says why and what to do. Exit status 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Failures that say all there is to say: a stack would only hide it. By name: the server is loaded on demand only. */
const plainErrors: ReadonlySet<string> = new Set([
  'BackupError',
  'CommandError',
  'ConfigError',
  'DataFolderError',
  'DatabaseFileError',
  'ListenError',
  'MasterKeyError',
  'NewerSchemaError',
  'RestoreError',
  'StorageUnavailableError',
  'TransferError',
  'UnsuitableDatabaseError',
  'UsageError',
]);

/** What is printed about a failure. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'An unknown failure.';
  if (plainErrors.has(error.name)) return error.message;
  return `An unexpected failure, please report it.\n${error.stack ?? error.message}`;
}
