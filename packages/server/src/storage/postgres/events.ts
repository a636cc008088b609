import type { EventArchive } from '../../events/port.ts';
import { workspacesIn } from '../../events/workspaces-in.ts';
import { type ConnectionPool, withClient } from './connections.ts';

// Expands a batch into rows and joins each event with its subject. `jsonb`, because `json` is parsed again for every
// member access.
const statement = `
  WITH subjects AS (
    SELECT subject, place - 1 AS place FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS listed (subject, place)
  ), verifications AS (
    INSERT INTO verification_events (
      at, request_id, workspace_id, api_id, key_id, identity_id, external_id, outcome, tags, spent_credits, latency_ms,
      trace_id, span_id
    )
    SELECT $1::bigint + (event -> 1)::bigint, event ->> 2, subject ->> 0, subject ->> 1, subject ->> 2, subject ->> 3,
      subject ->> 4, event ->> 3, event ->> 4, (event -> 5)::bigint, (event -> 6)::float8 / 1000,
      event ->> 7, event ->> 8
    FROM jsonb_array_elements($3::jsonb) event JOIN subjects ON place = (event -> 0)::bigint
  )
  INSERT INTO ratelimit_events (
    at, request_id, workspace_id, namespace_id, identifier, passed, limit_value, remaining, cost, override_id, latency_ms,
    trace_id, span_id
  )
  SELECT $1::bigint + (event -> 1)::bigint, event ->> 2, subject ->> 0, subject ->> 1, event ->> 3,
    (event -> 4)::smallint, (event -> 5)::bigint, (event -> 6)::bigint, (event -> 7)::bigint, event ->> 8,
    (event -> 9)::float8 / 1000, event ->> 10, event ->> 11
  FROM jsonb_array_elements($4::jsonb) event JOIN subjects ON place = (event -> 0)::bigint`;

/**
 * Deletes the oldest events of each workspace. Processes that delete concurrently do so in one order, and each counts
 * only the rows that it deleted.
 */
function deletionFrom(table: 'verification_events' | 'ratelimit_events'): string {
  return `
    WITH ${workspacesIn(table)}
    DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
      SELECT old.ctid FROM workspaces CROSS JOIN LATERAL (
        SELECT ctid FROM ${table} WHERE workspace_id = workspaces.id AND at < $1 ORDER BY at LIMIT $2
      ) old LIMIT $2
    ))`;
}

function countIn(table: (typeof tables)[number]): string {
  return `
    WITH ${workspacesIn(table)}
    SELECT count(*) AS count FROM (
      SELECT 1 FROM workspaces CROSS JOIN LATERAL (
        SELECT 1 FROM ${table} WHERE workspace_id = workspaces.id AND at < $1 LIMIT $2
      ) old LIMIT $2
    ) due`;
}

const tables = ['verification_events', 'ratelimit_events'] as const;

/** Stores events in the main database. The pool belongs to the storage, which closes it. */
export function postgresEvents(pool: ConnectionPool): EventArchive {
  return {
    write: ({ at, subjects, verifications, ratelimits }) =>
      withClient(pool, async (client) => {
        await client.query(statement, [at, subjects, verifications, ratelimits]);
      }),
    deleteBefore: (at, limit) =>
      withClient(pool, async (client) => {
        const old = (table: Parameters<typeof deletionFrom>[0], count: number) =>
          client.query(deletionFrom(table), [at, count]);
        const { rowCount: verifications } = await old('verification_events', limit);
        const { rowCount: ratelimits } = await old('ratelimit_events', limit - (verifications ?? 0));
        return (verifications ?? 0) + (ratelimits ?? 0);
      }),
    countBefore: (at, limit) =>
      withClient(pool, async (client) => {
        const counts = await Promise.all(
          tables.map((table) => client.query<{ count: string }>(countIn(table), [at, limit])),
        );
        return Math.min(
          limit,
          counts.reduce((sum, { rows }) => sum + Number(rows[0]?.count), 0),
        );
      }),
    close: async () => {},
  };
}
