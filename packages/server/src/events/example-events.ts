import { createBatchText } from './batch-text.ts';
import type { EventBatch, RatelimitEvent, UsageEvent, VerificationEvent } from './port.ts';

/** Events for tests. */
export function exampleVerification(changes: Partial<VerificationEvent> = {}): VerificationEvent {
  return {
    type: 'verification',
    at: 1_700_000_000_000,
    requestId: 'req_1',
    workspaceId: 'ws_1',
    apiId: 'api_1',
    keyId: 'key_1',
    identityId: null,
    externalId: null,
    outcome: 'VALID',
    tags: ['path=/v1', 'ünïcode'],
    spentCredits: 1,
    latencyMs: 0.25,
    trace: null,
    ...changes,
  };
}

export function exampleRatelimit(changes: Partial<RatelimitEvent> = {}): RatelimitEvent {
  return {
    type: 'ratelimit',
    at: 1_700_000_000_000,
    requestId: 'req_2',
    workspaceId: 'ws_1',
    namespaceId: 'rlns_1',
    identifier: 'user@example.com',
    passed: false,
    limit: Number.MAX_SAFE_INTEGER,
    remaining: 0,
    cost: 1,
    overrideId: null,
    latencyMs: 0.25,
    trace: null,
    ...changes,
  };
}

/** The events as a batch. */
export function batchOf(events: readonly UsageEvent[]): EventBatch {
  const text = createBatchText();
  for (const event of events) text.add(event);
  return text.flush();
}
