/** How a database writes the types of columns. */
export interface SqlTypes {
  readonly name: 'sqlite' | 'postgres';
  /** Compared byte by byte. */
  readonly text: string;
  /** 64 bits; also times and flags. */
  readonly integer: string;
  /** Behind a `CREATE TABLE`. */
  readonly tableOptions: string;
}

/**
 * The migrations that both databases have in common: each is written once and takes the next version in both. Append
 * only, never change one after a release. While processes are replaced one at a time, older ones still use the database:
 * what they read and write must go on working.
 */
export function schemaChanges(types: SqlTypes): string[] {
  return [idempotencyRecords, liveRowIndexes, searchFunction, eventTraces].map((change) => change(types));
}

function idempotencyRecords({ name }: SqlTypes): string {
  return `
  ALTER TABLE kept_answers RENAME TO idempotency_records;
  ALTER TABLE idempotency_records RENAME COLUMN answer TO response;
  DROP INDEX kept_answers_expiry;
  CREATE INDEX idempotency_records_expiry ON idempotency_records (expires_at);
  ${name === 'postgres' ? keptAnswersView : ''}`;
}

/** No page walks deleted rows, and no list of an identity's keys walks those of its API. */
function liveRowIndexes({ text, tableOptions }: SqlTypes): string {
  return `
  DROP INDEX keys_page;
  CREATE INDEX keys_page ON keys (api_id, id) WHERE deleted_at IS NULL;
  DROP INDEX keys_identity;
  CREATE INDEX keys_identity ON keys (identity_id, api_id, id) WHERE identity_id IS NOT NULL AND deleted_at IS NULL;
  DROP INDEX keys_refill;
  CREATE INDEX keys_refill ON keys (next_refill_at, id) WHERE next_refill_at IS NOT NULL AND deleted_at IS NULL;
  DROP INDEX identities_page;
  CREATE INDEX identities_page ON identities (workspace_id, id) WHERE deleted_at IS NULL;
  CREATE INDEX apis_deleted ON apis (deleted_at) WHERE deleted_at IS NOT NULL;
  CREATE INDEX overrides_page ON overrides (namespace_id, id) WHERE deleted_at IS NULL;
  CREATE TABLE pending_unlinks (
    target_id ${text} NOT NULL, link_table ${text} NOT NULL, PRIMARY KEY (target_id, link_table)
  ) ${tableOptions}`;
}

// For processes of older versions: this version compares by itself (`search.ts`).
function searchFunction({ name }: SqlTypes): string {
  if (name !== 'postgres') return '';
  return `
  CREATE FUNCTION contains_folded(searched text, part text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT replace(regexp_replace(
      normalize(lower(searched COLLATE "und-x-icu") COLLATE "C", NFD), '[\\u0300-\\u036f]', '', 'g'
    ), 'ς', 'σ') ~ ('***=' || part) $$;`;
}

// SQLite keeps its events in a file of its own (`events/sqlite-schema.ts`).
function eventTraces({ name, text }: SqlTypes): string {
  if (name !== 'postgres') return '';
  return ['verification_events', 'ratelimit_events']
    .map((table) => `ALTER TABLE ${table} ADD COLUMN trace_id ${text}, ADD COLUMN span_id ${text};`)
    .join('\n');
}

// For processes of older versions, which write to it.
const keptAnswersView = `
  CREATE VIEW kept_answers AS
    SELECT workspace_id, operation, key_hash, fingerprint, response AS answer, expires_at FROM idempotency_records;`;
