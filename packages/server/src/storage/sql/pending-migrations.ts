/** A newer version has written the database. The message says what to do. */
export class NewerSchemaError extends Error {
  override readonly name = 'NewerSchemaError';
}

/** The migrations that a database at `version` still needs; one entry a version, so `version` of them are applied. */
export function pendingMigrations(
  migrations: readonly string[],
  version: number,
  { database, remedy }: { readonly database: string; readonly remedy: string },
): readonly string[] {
  if (version <= migrations.length) return migrations.slice(version);
  throw new NewerSchemaError(
    `${database} has schema version ${version}; this version of unkey-ts supports up to ${migrations.length}. ` +
      `A newer unkey-ts wrote it: start that version, or ${remedy}.`,
  );
}
