import type { Pool } from 'pg';
import type { EventArchive, RatelimitEvent, UsageEvent, VerificationEvent } from '../../events/port.ts';
import { using } from './connections.ts';

// One parameter for any number of rows: a list of rows in JSON, spread out by the database.
const statement = `
  WITH verifications AS (
    INSERT INTO verification_events SELECT * FROM json_populate_recordset(NULL::verification_events, $1)
  )
  INSERT INTO ratelimit_events SELECT * FROM json_populate_recordset(NULL::ratelimit_events, $2)`;

/**
 * The index begins with the workspace: they are found in it one after the other, and old events of each by time. Processes
 * that delete at once do so in one order, and what one has deleted another does not count.
 */
function deletionFrom(table: 'verification_events' | 'ratelimit_events'): string {
  return `
    WITH RECURSIVE workspaces (id) AS (
      SELECT min(workspace_id) FROM ${table}
      UNION ALL
      SELECT (SELECT min(workspace_id) FROM ${table} WHERE workspace_id > workspaces.id)
        FROM workspaces WHERE workspaces.id IS NOT NULL
    )
    DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
      SELECT old.ctid FROM workspaces CROSS JOIN LATERAL (
        SELECT ctid FROM ${table} WHERE workspace_id = workspaces.id AND at < $1 ORDER BY at LIMIT $2
      ) old LIMIT $2
    ))`;
}

/** Keeps events beside all other data. The pool is the storage's, which closes it. */
export function postgresEvents(pool: Pool): EventArchive {
  return {
    write: (batch) =>
      using(pool, async (client) => {
        const verifications = batch.filter(isVerification).map(verificationRow);
        const ratelimits = batch.filter(isRatelimit).map(ratelimitRow);
        await client.query(statement, [JSON.stringify(verifications), JSON.stringify(ratelimits)]);
      }),
    deleteBefore: (at, limit) =>
      using(pool, async (client) => {
        const old = (table: Parameters<typeof deletionFrom>[0], count: number) =>
          client.query(deletionFrom(table), [at, count]);
        const { rowCount: verifications } = await old('verification_events', limit);
        const { rowCount: ratelimits } = await old('ratelimit_events', limit - (verifications ?? 0));
        return (verifications ?? 0) + (ratelimits ?? 0);
      }),
    close: async () => {},
  };
}

function isVerification(event: UsageEvent): event is VerificationEvent {
  return event.type === 'verification';
}

function isRatelimit(event: UsageEvent): event is RatelimitEvent {
  return event.type === 'ratelimit';
}

function verificationRow(event: VerificationEvent) {
  return {
    at: event.at,
    request_id: event.requestId,
    workspace_id: event.workspaceId,
    api_id: event.apiId,
    key_id: event.keyId,
    identity_id: event.identityId,
    external_id: event.externalId,
    outcome: event.outcome,
    tags: JSON.stringify(event.tags),
    spent_credits: event.spentCredits,
    latency_ms: event.latencyMs,
  };
}

function ratelimitRow(event: RatelimitEvent) {
  return {
    at: event.at,
    request_id: event.requestId,
    workspace_id: event.workspaceId,
    namespace_id: event.namespaceId,
    identifier: event.identifier,
    passed: Number(event.passed),
    limit_value: event.limit,
    remaining: event.remaining,
    cost: event.cost,
    override_id: event.overrideId,
    latency_ms: event.latencyMs,
  };
}
