import type { DatabaseSyncInstance as DatabaseSync } from '@photostructure/sqlite';
import { schemaChanges } from '../sql/schema-changes.ts';
import { pendingIn, runMigrations, type Schema } from './run-migrations.ts';

/** The migrations before those that both databases share. Append new ones to `sql/schema-changes.ts`. */
const migrations: readonly string[] = [
  `
  CREATE TABLE workspaces (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, is_enabled INTEGER NOT NULL, requests_per_minute INTEGER,
    wrapped_data_key TEXT, created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE root_keys (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, start TEXT NOT NULL, name TEXT,
    is_enabled INTEGER NOT NULL, expires_at INTEGER, created_at INTEGER NOT NULL, deleted_at INTEGER
  ) STRICT;
  CREATE TABLE root_key_permissions (
    root_key_id TEXT NOT NULL, permission TEXT NOT NULL, PRIMARY KEY (root_key_id, permission)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE apis (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, name TEXT NOT NULL, keyspace_id TEXT NOT NULL UNIQUE,
    allowed_ips TEXT, is_protected INTEGER NOT NULL, default_prefix TEXT, default_byte_length INTEGER,
    created_at INTEGER NOT NULL, deleted_at INTEGER
  ) STRICT;
  CREATE TABLE identities (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, external_id TEXT NOT NULL, meta TEXT,
    created_at INTEGER NOT NULL, updated_at INTEGER, deleted_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX identities_live ON identities (workspace_id, external_id) WHERE deleted_at IS NULL;
  CREATE INDEX identities_page ON identities (workspace_id, id);
  CREATE TABLE keys (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, api_id TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
    start TEXT NOT NULL, prefix TEXT, byte_length INTEGER NOT NULL, name TEXT, identity_id TEXT, meta TEXT,
    is_enabled INTEGER NOT NULL, expires_at INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER,
    last_used_at INTEGER, deleted_at INTEGER, pending_migration_id TEXT, ciphertext TEXT,
    credits_remaining INTEGER CHECK (credits_remaining >= 0), refill_amount INTEGER, refill_day INTEGER,
    last_refill_at INTEGER, next_refill_at INTEGER
  ) STRICT;
  CREATE INDEX keys_page ON keys (api_id, id);
  CREATE INDEX keys_identity ON keys (identity_id) WHERE identity_id IS NOT NULL;
  CREATE INDEX keys_refill ON keys (next_refill_at) WHERE next_refill_at IS NOT NULL;
  CREATE TABLE ratelimits (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, owner_id TEXT NOT NULL, name TEXT NOT NULL,
    "limit" INTEGER NOT NULL, duration_ms INTEGER NOT NULL, is_auto_applied INTEGER NOT NULL,
    UNIQUE (owner_id, name)
  ) STRICT;
  CREATE TABLE permissions (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, slug TEXT NOT NULL, slug_folded TEXT NOT NULL,
    name TEXT NOT NULL, description TEXT, created_at INTEGER NOT NULL, UNIQUE (workspace_id, slug_folded)
  ) STRICT;
  CREATE INDEX permissions_page ON permissions (workspace_id, id);
  CREATE TABLE roles (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, name TEXT NOT NULL, name_folded TEXT NOT NULL,
    description TEXT, created_at INTEGER NOT NULL, UNIQUE (workspace_id, name_folded)
  ) STRICT;
  CREATE INDEX roles_page ON roles (workspace_id, id);
  CREATE TABLE role_permissions (
    role_id TEXT NOT NULL, permission_id TEXT NOT NULL, PRIMARY KEY (role_id, permission_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX role_permissions_permission ON role_permissions (permission_id);
  CREATE TABLE key_permissions (
    key_id TEXT NOT NULL, permission_id TEXT NOT NULL, PRIMARY KEY (key_id, permission_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX key_permissions_permission ON key_permissions (permission_id);
  CREATE TABLE key_roles (
    key_id TEXT NOT NULL, role_id TEXT NOT NULL, PRIMARY KEY (key_id, role_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX key_roles_role ON key_roles (role_id);
  CREATE TABLE namespaces (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL,
    deleted_at INTEGER, UNIQUE (workspace_id, name)
  ) STRICT;
  CREATE TABLE overrides (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, namespace_id TEXT NOT NULL, identifier TEXT NOT NULL,
    "limit" INTEGER NOT NULL, duration_ms INTEGER NOT NULL, created_at INTEGER NOT NULL, deleted_at INTEGER,
    UNIQUE (namespace_id, identifier)
  ) STRICT;
  CREATE TABLE migrations (
    id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, name TEXT NOT NULL, algorithm TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE audit_log (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, workspace_id TEXT NOT NULL, event TEXT NOT NULL,
    at INTEGER NOT NULL, actor_type TEXT NOT NULL, actor_id TEXT NOT NULL, actor_name TEXT NOT NULL,
    display TEXT NOT NULL, remote_ip TEXT, user_agent TEXT, resources TEXT NOT NULL, correlation_id TEXT
  ) STRICT;
  CREATE INDEX audit_log_at ON audit_log (at);
  `,
  `
  CREATE TABLE kept_answers (
    workspace_id TEXT NOT NULL, operation TEXT NOT NULL, key_hash TEXT NOT NULL, fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (workspace_id, operation, key_hash)
  ) STRICT;
  CREATE INDEX kept_answers_expiry ON kept_answers (expires_at);
  `,
  `
  CREATE TABLE retired_hashes (hash TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE INDEX keys_deleted ON keys (deleted_at) WHERE deleted_at IS NOT NULL;
  CREATE INDEX identities_deleted ON identities (deleted_at) WHERE deleted_at IS NOT NULL;
  `,
  ...schemaChanges({ name: 'sqlite', text: 'TEXT', integer: 'INTEGER', tableOptions: 'STRICT' }),
];

const schema: Schema = {
  migrations,
  database: 'The database',
  remedy: 'restore a backup made before the upgrade',
};

/** Brings the schema to this version, in one transaction; processes that start together wait for each other. */
export function migrate(database: DatabaseSync): void {
  runMigrations(database, schema);
}

/** Throws when a newer version has written the database. */
export function checkSchemaVersion(database: DatabaseSync): void {
  pendingIn(database, schema);
}
