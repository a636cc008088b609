/** How a database writes the types of columns. */
export interface SqlTypes {
  readonly name: 'sqlite' | 'postgres';
  /** Compared byte by byte. */
  readonly text: string;
  /** 64 bits; also times and flags. */
  readonly integer: string;
}

/**
 * The migrations that both databases have in common: each is written once and takes the next version in both. Append
 * only, never change one after a release. While processes are replaced one at a time, older ones still use the database:
 * what they read and write must go on working.
 */
export function schemaChanges(types: SqlTypes): string[] {
  return [idempotencyRecords].map((change) => change(types));
}

function idempotencyRecords({ name }: SqlTypes): string {
  return `
  ALTER TABLE kept_answers RENAME TO idempotency_records;
  ALTER TABLE idempotency_records RENAME COLUMN answer TO response;
  DROP INDEX kept_answers_expiry;
  CREATE INDEX idempotency_records_expiry ON idempotency_records (expires_at);
  ${name === 'postgres' ? keptAnswersView : ''}`;
}

// For processes of older versions, which write to it.
const keptAnswersView = `
  CREATE VIEW kept_answers AS
    SELECT workspace_id, operation, key_hash, fingerprint, response AS answer, expires_at FROM idempotency_records;`;
