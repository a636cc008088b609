/** The command line is not valid; exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A valid command failed; the message says why and what to do. Exit status 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Errors printed without a stack: their messages are complete. Listed by name, because the server is loaded on demand. */
const plainErrors: ReadonlySet<string> = new Set([
  'BackupError',
  'CommandError',
  'ConfigError',
  'DataFolderError',
  'DatabaseFileError',
  'EmulatorError',
  'ListenError',
  'MasterKeyError',
  'NewerSchemaError',
  'RestoreError',
  'StorageUnavailableError',
  'TransferError',
  'UnsuitableDatabaseError',
  'UsageError',
]);

/** The text that is printed for a failure. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'Unknown error.';
  if (plainErrors.has(error.name)) return error.message;
  return `Unexpected error. Please report it.\n${error.stack ?? error.message}`;
}
