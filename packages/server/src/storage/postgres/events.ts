import type { Pool } from 'pg';
import type { EventWriter, RatelimitEvent, UsageEvent, VerificationEvent } from '../../events/port.ts';
import { using } from './connections.ts';

// One parameter for any number of rows: a list of rows in JSON, spread out by the database.
const statement = `
  WITH verifications AS (
    INSERT INTO verification_events SELECT * FROM json_populate_recordset(NULL::verification_events, $1)
  )
  INSERT INTO ratelimit_events SELECT * FROM json_populate_recordset(NULL::ratelimit_events, $2)`;

/** Writes events beside all other data. The pool is the storage's, which closes it. */
export function postgresEvents(pool: Pool): EventWriter {
  return {
    write: (batch) =>
      using(pool, async (client) => {
        const verifications = batch.filter(isVerification).map(verificationRow);
        const ratelimits = batch.filter(isRatelimit).map(ratelimitRow);
        await client.query(statement, [JSON.stringify(verifications), JSON.stringify(ratelimits)]);
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
