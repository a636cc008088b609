import type { EventBatch, RatelimitEvent, UsageEvent, VerificationEvent } from './port.ts';

/** All events of a batch happened within so many milliseconds. */
export const batchSpanMs = 60_000;

export interface BatchText {
  /** False when the event needs a batch of its own: it happened before the first, or long after it. */
  fits(event: UsageEvent): boolean;
  add(event: UsageEvent): void;
  count(): number;
  /** Everything that was added since the last time. */
  take(): EventBatch;
}

interface Subject {
  /** How a row of it begins. */
  readonly opening: string;
  readonly identityId: string | null;
  readonly externalId: string | null;
}

/**
 * Writes events down at once, so that no object of an event lives on, and neither side of a thread has to walk over them.
 * What events have in common is written once a batch. Ids of ours, and outcomes, have no character that JSON escapes.
 */
export function createBatchText(): BatchText {
  let count = 0;
  let at = 0;
  let subjects = '';
  let verifications = '';
  let ratelimits = '';
  /** The last one that was written for the id of a key or a namespace. */
  const known = new Map<string, Subject>();
  let subjectCount = 0;

  function addVerification(event: VerificationEvent): void {
    const { opening } = subjectOf(event);
    const tags = event.tags.length === 0 ? '[]' : JSON.stringify(event.tags);
    const row = `${opening}${event.at - at},"${event.requestId}","${event.outcome}",${tags},${event.spentCredits},${microseconds(event)}]`;
    verifications += verifications === '' ? row : `,${row}`;
  }

  function addRatelimit(event: RatelimitEvent): void {
    const { opening } = namespaceOf(event);
    const overrideId = event.overrideId === null ? 'null' : `"${event.overrideId}"`;
    const row = `${opening}${event.at - at},"${event.requestId}",${JSON.stringify(event.identifier)},${event.passed ? 1 : 0},${event.limit},${event.remaining},${event.cost},${overrideId},${microseconds(event)}]`;
    ratelimits += ratelimits === '' ? row : `,${row}`;
  }

  // A key may get another identity within a batch.
  function subjectOf({ workspaceId, apiId, keyId, identityId, externalId }: VerificationEvent): Subject {
    const subject = known.get(keyId);
    if (subject?.identityId === identityId && subject.externalId === externalId) return subject;
    return addSubject(keyId, [workspaceId, apiId, keyId, identityId, externalId], { identityId, externalId });
  }

  function namespaceOf({ workspaceId, namespaceId }: RatelimitEvent): Subject {
    const nobody = { identityId: null, externalId: null };
    return known.get(namespaceId) ?? addSubject(namespaceId, [workspaceId, namespaceId], nobody);
  }

  function addSubject(
    id: string,
    members: readonly (string | null)[],
    identity: Pick<Subject, 'identityId' | 'externalId'>,
  ): Subject {
    const text = JSON.stringify(members);
    subjects += subjects === '' ? text : `,${text}`;
    const subject = { opening: `[${subjectCount++},`, ...identity };
    known.set(id, subject);
    return subject;
  }

  return {
    fits: (event) => count === 0 || (event.at >= at && event.at < at + batchSpanMs),
    add(event) {
      if (count === 0) at = event.at;
      count++;
      if (event.type === 'verification') addVerification(event);
      else addRatelimit(event);
    },
    count: () => count,
    take() {
      const batch = {
        count,
        at,
        subjects: `[${subjects}]`,
        verifications: `[${verifications}]`,
        ratelimits: `[${ratelimits}]`,
      };
      count = 0;
      subjects = '';
      verifications = '';
      ratelimits = '';
      known.clear();
      subjectCount = 0;
      return batch;
    },
  };
}

function microseconds({ latencyMs }: UsageEvent): number {
  return Math.round(latencyMs * 1000);
}
