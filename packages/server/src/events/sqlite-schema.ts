import type { DatabaseSyncInstance as DatabaseSync } from '@photostructure/sqlite';
import { runMigrations } from '../storage/sqlite/run-migrations.ts';

/** One entry for each version, applied in order, never changed after a release. */
const migrations: readonly string[] = [
  // Files from before schema versions existed have these tables.
  `
  CREATE TABLE IF NOT EXISTS verifications (
    at INTEGER NOT NULL, request_id TEXT NOT NULL, workspace_id TEXT NOT NULL, api_id TEXT NOT NULL,
    key_id TEXT NOT NULL, identity_id TEXT, external_id TEXT, outcome TEXT NOT NULL, tags TEXT NOT NULL,
    spent_credits INTEGER NOT NULL, latency_ms REAL NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS verifications_by_time ON verifications (workspace_id, at);
  CREATE TABLE IF NOT EXISTS ratelimits (
    at INTEGER NOT NULL, request_id TEXT NOT NULL, workspace_id TEXT NOT NULL, namespace_id TEXT NOT NULL,
    identifier TEXT NOT NULL, passed INTEGER NOT NULL, limit_value INTEGER NOT NULL, remaining INTEGER NOT NULL,
    cost INTEGER NOT NULL, override_id TEXT, latency_ms REAL NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ratelimits_by_time ON ratelimits (workspace_id, at);
  `,
  // Rows of single events stay as they are; the views include them. Without -> and ->>, which older sqlite3 tools lack.
  `
  ALTER TABLE verifications RENAME TO verification_rows;
  ALTER TABLE ratelimits RENAME TO ratelimit_rows;
  CREATE TABLE event_batches (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, count INTEGER NOT NULL, subjects TEXT NOT NULL,
    verifications TEXT NOT NULL, ratelimits TEXT NOT NULL
  ) STRICT;
  CREATE INDEX event_batches_by_time ON event_batches (at);
  CREATE VIEW verifications AS
    SELECT * FROM verification_rows
    UNION ALL
    SELECT batch.at + json_extract(event.value, '$[1]'), json_extract(event.value, '$[2]'),
      ${ofSubject(0)}, ${ofSubject(1)}, ${ofSubject(2)}, ${ofSubject(3)}, ${ofSubject(4)},
      json_extract(event.value, '$[3]'), json_extract(event.value, '$[4]'), json_extract(event.value, '$[5]'),
      json_extract(event.value, '$[6]') / 1000.0
    FROM event_batches batch, json_each(batch.verifications) event;
  CREATE VIEW ratelimits AS
    SELECT * FROM ratelimit_rows
    UNION ALL
    SELECT batch.at + json_extract(event.value, '$[1]'), json_extract(event.value, '$[2]'),
      ${ofSubject(0)}, ${ofSubject(1)},
      json_extract(event.value, '$[3]'), json_extract(event.value, '$[4]'), json_extract(event.value, '$[5]'),
      json_extract(event.value, '$[6]'), json_extract(event.value, '$[7]'), json_extract(event.value, '$[8]'),
      json_extract(event.value, '$[9]') / 1000.0
    FROM event_batches batch, json_each(batch.ratelimits) event;
  `,
  // Events without a trace, and all of earlier versions, have no such members: json_extract returns NULL.
  `
  DROP VIEW verifications;
  DROP VIEW ratelimits;
  CREATE VIEW verifications AS
    SELECT *, NULL AS trace_id, NULL AS span_id FROM verification_rows
    UNION ALL
    SELECT batch.at + json_extract(event.value, '$[1]'), json_extract(event.value, '$[2]'),
      ${ofSubject(0)}, ${ofSubject(1)}, ${ofSubject(2)}, ${ofSubject(3)}, ${ofSubject(4)},
      json_extract(event.value, '$[3]'), json_extract(event.value, '$[4]'), json_extract(event.value, '$[5]'),
      json_extract(event.value, '$[6]') / 1000.0, json_extract(event.value, '$[7]'), json_extract(event.value, '$[8]')
    FROM event_batches batch, json_each(batch.verifications) event;
  CREATE VIEW ratelimits AS
    SELECT *, NULL AS trace_id, NULL AS span_id FROM ratelimit_rows
    UNION ALL
    SELECT batch.at + json_extract(event.value, '$[1]'), json_extract(event.value, '$[2]'),
      ${ofSubject(0)}, ${ofSubject(1)},
      json_extract(event.value, '$[3]'), json_extract(event.value, '$[4]'), json_extract(event.value, '$[5]'),
      json_extract(event.value, '$[6]'), json_extract(event.value, '$[7]'), json_extract(event.value, '$[8]'),
      json_extract(event.value, '$[9]') / 1000.0, json_extract(event.value, '$[10]'), json_extract(event.value, '$[11]')
    FROM event_batches batch, json_each(batch.ratelimits) event;
  `,
];

function ofSubject(member: number): string {
  return `json_extract(batch.subjects, '$[' || json_extract(event.value, '$[0]') || '][${member}]')`;
}

/** Migrates a new or older file. Throws for a file of a newer version. */
export function migrateEvents(database: DatabaseSync): void {
  runMigrations(database, { migrations, database: 'events.sqlite', remedy: 'move the file away' });
}
