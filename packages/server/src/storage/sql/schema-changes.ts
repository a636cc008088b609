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
  return [
    idempotencyRecords,
    liveRowIndexes,
    searchFunction,
    eventTraces,
    hashesOfWorkspaces,
    auditLogOfWorkspace,
  ].map((change) => change(types));
}

/** Of hashes that were retired before they had a workspace: they are taken in all of them. */
export const retiredAnywhere = '';

const liveKeyIndexes = `
  CREATE INDEX keys_page ON keys (api_id, id) WHERE deleted_at IS NULL;
  CREATE INDEX keys_identity ON keys (identity_id, api_id, id) WHERE identity_id IS NOT NULL AND deleted_at IS NULL;
  CREATE INDEX keys_refill ON keys (next_refill_at, id) WHERE next_refill_at IS NOT NULL AND deleted_at IS NULL;`;

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
  DROP INDEX keys_identity;
  DROP INDEX keys_refill;
  ${liveKeyIndexes}
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

/**
 * A hash is unique within its workspace. An index by hash alone still serves processes of older versions; what they retire
 * has no workspace, as what was retired before: such a hash is taken in every workspace.
 */
function hashesOfWorkspaces({ name }: SqlTypes): string {
  return name === 'postgres' ? hashesOnPostgres : hashesOnSqlite;
}

const hashesOnPostgres = `
  ALTER TABLE keys DROP CONSTRAINT keys_hash_key;
  CREATE UNIQUE INDEX keys_hash ON keys (hash, workspace_id);
  ALTER TABLE retired_hashes ADD COLUMN workspace_id text COLLATE "C" NOT NULL DEFAULT '${retiredAnywhere}';
  ALTER TABLE retired_hashes DROP CONSTRAINT retired_hashes_pkey;
  ALTER TABLE retired_hashes ADD PRIMARY KEY (hash, workspace_id);`;

// SQLite cannot drop a constraint: the rows move to new tables.
const hashesOnSqlite = `
  CREATE TABLE moved_keys (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, api_id TEXT NOT NULL, hash TEXT NOT NULL,
    start TEXT NOT NULL, prefix TEXT, byte_length INTEGER NOT NULL, name TEXT, identity_id TEXT, meta TEXT,
    is_enabled INTEGER NOT NULL, expires_at INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER,
    last_used_at INTEGER, deleted_at INTEGER, pending_migration_id TEXT, ciphertext TEXT,
    credits_remaining INTEGER CHECK (credits_remaining >= 0), refill_amount INTEGER, refill_day INTEGER,
    last_refill_at INTEGER, next_refill_at INTEGER
  ) STRICT;
  INSERT INTO moved_keys SELECT
    id, workspace_id, api_id, hash, start, prefix, byte_length, name, identity_id, meta, is_enabled, expires_at,
    created_at, updated_at, last_used_at, deleted_at, pending_migration_id, ciphertext, credits_remaining,
    refill_amount, refill_day, last_refill_at, next_refill_at
  FROM keys;
  DROP TABLE keys;
  ALTER TABLE moved_keys RENAME TO keys;
  CREATE UNIQUE INDEX keys_hash ON keys (hash, workspace_id);
  CREATE INDEX keys_deleted ON keys (deleted_at) WHERE deleted_at IS NOT NULL;
  ${liveKeyIndexes}
  CREATE TABLE moved_hashes (
    hash TEXT NOT NULL, workspace_id TEXT NOT NULL, PRIMARY KEY (hash, workspace_id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO moved_hashes SELECT hash, '${retiredAnywhere}' FROM retired_hashes;
  DROP TABLE retired_hashes;
  ALTER TABLE moved_hashes RENAME TO retired_hashes;`;

/** Records of other workspaces are not read. */
function auditLogOfWorkspace(): string {
  return 'CREATE INDEX audit_log_workspace ON audit_log (workspace_id, at);';
}

// For processes of older versions, which write to it.
const keptAnswersView = `
  CREATE VIEW kept_answers AS
    SELECT workspace_id, operation, key_hash, fingerprint, response AS answer, expires_at FROM idempotency_records;`;
