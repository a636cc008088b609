import type { Client } from 'pg';
import { pendingMigrations } from '../sql/pending-migrations.ts';
import { schemaChanges } from '../sql/schema-changes.ts';
import { schemaLock } from './locks.ts';
import { UnsuitableDatabaseError } from './server-check.ts';

// Byte-wise comparison whatever the locale of the database: pages are sorted by id as code points, and case matters.
const text = 'text COLLATE "C"';

/**
 * The versions before the schema changes that both databases share: append new ones to `sql/schema-changes.ts`. Booleans
 * are 0 or 1 and times are Unix milliseconds (`sql/tables.ts`).
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE workspaces (
    id ${text} PRIMARY KEY, name ${text} NOT NULL, is_enabled smallint NOT NULL, requests_per_minute bigint,
    wrapped_data_key ${text}, created_at bigint NOT NULL
  );
  CREATE TABLE root_keys (
    id ${text} PRIMARY KEY, workspace_id ${text} NOT NULL, hash ${text} NOT NULL UNIQUE, start ${text} NOT NULL,
    name ${text}, is_enabled smallint NOT NULL, expires_at bigint, created_at bigint NOT NULL, deleted_at bigint
  );
  CREATE TABLE root_key_permissions (
    root_key_id ${text} NOT NULL, permission ${text} NOT NULL, PRIMARY KEY (root_key_id, permission)
  );
  CREATE TABLE apis (
    id ${text} PRIMARY KEY, workspace_id ${text} NOT NULL, name ${text} NOT NULL,
    keyspace_id ${text} NOT NULL UNIQUE, allowed_ips ${text}, is_protected smallint NOT NULL,
    default_prefix ${text}, default_byte_length bigint, created_at bigint NOT NULL, deleted_at bigint
  );
  CREATE TABLE identities (
    id ${text} PRIMARY KEY, workspace_id ${text} NOT NULL, external_id ${text} NOT NULL, meta ${text},
    created_at bigint NOT NULL, updated_at bigint, deleted_at bigint
  );
  CREATE UNIQUE INDEX identities_live ON identities (workspace_id, external_id) WHERE deleted_at IS NULL;
  CREATE INDEX identities_page ON identities (workspace_id, id);
  CREATE TABLE keys (
    id ${text} PRIMARY KEY, workspace_id ${text} NOT NULL, api_id ${text} NOT NULL, hash ${text} NOT NULL UNIQUE,
    start ${text} NOT NULL, prefix ${text}, byte_length bigint NOT NULL, name ${text}, identity_id ${text},
    meta ${text}, is_enabled smallint NOT NULL, expires_at bigint, created_at bigint NOT NULL, updated_at bigint,
    last_used_at bigint, deleted_at bigint, pending_migration_id ${text}, ciphertext ${text},
    credits_remaining bigint CHECK (credits_remaining >= 0), refill_amount bigint, refill_day bigint,
    last_refill_at bigint, next_refill_at bigint
  ) WITH (fillfactor = 80);
  CREATE INDEX keys_page ON keys (api_id, id);
  CREATE INDEX keys_identity ON keys (identity_id) WHERE identity_id IS NOT NULL;
  CREATE INDEX keys_refill ON keys (next_refill_at) WHERE next_refill_at IS NOT NULL;
  CREATE TABLE ratelimits (
    id ${text} PRIMARY KEY, workspace_id ${text} NOT NULL, owner_id ${text} NOT NULL, name ${text} NOT NULL,
    "limit" bigint NOT NULL, duration_ms bigint NOT NULL, is_auto_applied smallint NOT NULL,
    UNIQUE (owner_id, name)
  );
  CREATE TABLE permissions (
    id ${text} PRIMARY KEY, workspace_id ${text} NOT NULL, slug ${text} NOT NULL, slug_folded ${text} NOT NULL,
    name ${text} NOT NULL, description ${text}, created_at bigint NOT NULL, UNIQUE (workspace_id, slug_folded)
  );
  CREATE INDEX permissions_page ON permissions (workspace_id, id);
  CREATE TABLE roles (
    id ${text} PRIMARY KEY, workspace_id ${text} NOT NULL, name ${text} NOT NULL, name_folded ${text} NOT NULL,
    description ${text}, created_at bigint NOT NULL, UNIQUE (workspace_id, name_folded)
  );
  CREATE INDEX roles_page ON roles (workspace_id, id);
  CREATE TABLE role_permissions (
    role_id ${text} NOT NULL, permission_id ${text} NOT NULL, PRIMARY KEY (role_id, permission_id)
  );
  CREATE INDEX role_permissions_permission ON role_permissions (permission_id);
  CREATE TABLE key_permissions (
    key_id ${text} NOT NULL, permission_id ${text} NOT NULL, PRIMARY KEY (key_id, permission_id)
  );
  CREATE INDEX key_permissions_permission ON key_permissions (permission_id);
  CREATE TABLE key_roles (
    key_id ${text} NOT NULL, role_id ${text} NOT NULL, PRIMARY KEY (key_id, role_id)
  );
  CREATE INDEX key_roles_role ON key_roles (role_id);
  CREATE TABLE namespaces (
    id ${text} PRIMARY KEY, workspace_id ${text} NOT NULL, name ${text} NOT NULL, created_at bigint NOT NULL,
    deleted_at bigint, UNIQUE (workspace_id, name)
  );
  CREATE TABLE overrides (
    id ${text} PRIMARY KEY, workspace_id ${text} NOT NULL, namespace_id ${text} NOT NULL,
    identifier ${text} NOT NULL, "limit" bigint NOT NULL, duration_ms bigint NOT NULL, created_at bigint NOT NULL,
    deleted_at bigint, UNIQUE (namespace_id, identifier)
  );
  CREATE TABLE migrations (
    id ${text} PRIMARY KEY, workspace_id ${text} NOT NULL, name ${text} NOT NULL, algorithm ${text} NOT NULL,
    created_at bigint NOT NULL
  );
  CREATE TABLE audit_log (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id ${text} NOT NULL, workspace_id ${text} NOT NULL,
    event ${text} NOT NULL, at bigint NOT NULL, actor_type ${text} NOT NULL, actor_id ${text} NOT NULL,
    actor_name ${text} NOT NULL, display ${text} NOT NULL, remote_ip ${text}, user_agent ${text},
    resources ${text} NOT NULL, correlation_id ${text}
  );
  CREATE INDEX audit_log_at ON audit_log (at);
  CREATE TABLE kept_answers (
    workspace_id ${text} NOT NULL, operation ${text} NOT NULL, key_hash ${text} NOT NULL,
    fingerprint ${text} NOT NULL, answer ${text} NOT NULL, expires_at bigint NOT NULL,
    PRIMARY KEY (workspace_id, operation, key_hash)
  );
  CREATE INDEX kept_answers_expiry ON kept_answers (expires_at);

  CREATE TABLE verification_events (
    at bigint NOT NULL, request_id ${text} NOT NULL, workspace_id ${text} NOT NULL, api_id ${text} NOT NULL,
    key_id ${text} NOT NULL, identity_id ${text}, external_id ${text}, outcome ${text} NOT NULL, tags ${text} NOT NULL,
    spent_credits bigint NOT NULL, latency_ms double precision NOT NULL
  );
  CREATE INDEX verification_events_by_time ON verification_events (workspace_id, at);
  CREATE TABLE ratelimit_events (
    at bigint NOT NULL, request_id ${text} NOT NULL, workspace_id ${text} NOT NULL, namespace_id ${text} NOT NULL,
    identifier ${text} NOT NULL, passed smallint NOT NULL, limit_value bigint NOT NULL, remaining bigint NOT NULL,
    cost bigint NOT NULL, override_id ${text}, latency_ms double precision NOT NULL
  );
  CREATE INDEX ratelimit_events_by_time ON ratelimit_events (workspace_id, at);

  -- Under "C" only ASCII has case: this folds all of Unicode.
  CREATE FUNCTION fold_case(folded text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT lower(folded COLLATE "und-x-icu") COLLATE "C" $$;

  -- Spends one after the other, each all or nothing; a large one that is refused does not keep a later small one from
  -- its credits. The row is held first: what is read then is what is stored until the end. No row, or no number of
  -- credits: nothing is counted.
  CREATE FUNCTION spend_credits(of_workspace_id text, of_key_id text, costs bigint[])
    RETURNS TABLE (is_spent boolean, remaining bigint) LANGUAGE plpgsql AS $$
    DECLARE
      cost bigint;
      is_changed boolean := false;
    BEGIN
      SELECT credits_remaining INTO remaining FROM keys
        WHERE workspace_id = of_workspace_id AND id = of_key_id FOR UPDATE;
      FOREACH cost IN ARRAY costs LOOP
        is_spent := remaining IS NULL OR remaining >= cost;
        IF is_spent AND cost > 0 AND remaining IS NOT NULL THEN
          remaining := remaining - cost;
          is_changed := true;
        END IF;
        RETURN NEXT;
      END LOOP;
      IF is_changed THEN
        UPDATE keys SET credits_remaining = remaining WHERE id = of_key_id;
      END IF;
    END $$;
  `,
  `
  CREATE TABLE retired_hashes (hash ${text} PRIMARY KEY);
  CREATE INDEX keys_deleted ON keys (deleted_at) WHERE deleted_at IS NOT NULL;
  CREATE INDEX identities_deleted ON identities (deleted_at) WHERE deleted_at IS NOT NULL;
  `,
  ...schemaChanges({ name: 'postgres', text, integer: 'bigint', tableOptions: '' }),
];

/** Migrates the schema to this version in one transaction. Processes that start together wait for each other. */
export async function migrate(client: Client): Promise<void> {
  // Checked first without a lock or a write: a full disk must not keep the server from starting on a current schema.
  if ((await checkMigratable(client)) === 0) return;
  await client.query('BEGIN; SET LOCAL statement_timeout = 0');
  try {
    await client.query(`SELECT pg_advisory_xact_lock(${schemaLock})`);
    const pending = await pendingIn(client);
    for (const statements of pending) await client.query(statements);
    if (pending.length > 0) {
      await client.query('CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)');
      await client.query('DELETE FROM schema_version');
      await client.query(`INSERT INTO schema_version VALUES (${migrations.length})`);
    }
    await client.query('COMMIT');
  } catch (error) {
    // A failed ROLLBACK must not hide the error.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/**
 * The number of migrations that `migrate` would run. Throws an `UnsuitableDatabaseError` if the user may not create
 * tables for them, and a `NewerSchemaError` if the schema is newer than this version.
 */
export async function checkMigratable(client: Client): Promise<number> {
  const pending = await pendingIn(client);
  if (pending.length > 0 && !(await mayCreateTables(client))) {
    const { user, database } = client;
    throw new UnsuitableDatabaseError(
      `The user ${user} may not create tables in the database ${database}. Run this in it as its owner: ` +
        `GRANT CREATE, USAGE ON SCHEMA public TO "${user}";`,
    );
  }
  return pending.length;
}

/** There is no current schema if the user may use none. */
async function mayCreateTables(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean | null }>(
    "SELECT has_schema_privilege(current_schema(), 'CREATE') AS may",
  );
  return rows[0]?.may === true;
}

async function pendingIn(client: Client): Promise<readonly string[]> {
  return pendingMigrations(migrations, await schemaVersion(client), {
    database: 'The database',
    remedy: 'restore a backup made before the upgrade',
  });
}

async function schemaVersion(client: Client): Promise<number> {
  // Read from the catalogue: the cached catalogue of a session that waited for a lock may be older than the lock.
  const { rows: tables } = await client.query(
    "SELECT FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_version'",
  );
  if (tables.length === 0) return 0;
  const { rows } = await client.query<{ version: number }>('SELECT version FROM schema_version');
  return rows[0]?.version ?? 0;
}
