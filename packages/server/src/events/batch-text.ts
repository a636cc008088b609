import { JsonBytes } from './json-bytes.ts';
import type { EventBatch, RatelimitEvent, UsageEvent, VerificationEvent } from './port.ts';

/** All events of a batch happened within so many milliseconds. */
export const batchSpanMs = 60_000;

/** The buffers are as large for good as the largest batch was: one of long tags ends early. */
const batchBytesMax = 1_000_000;

export interface BatchText {
  /** False when the event needs a batch of its own: it happened before the first, or long after it. */
  fits(event: UsageEvent): boolean;
  add(event: UsageEvent): void;
  count(): number;
  /** Whether it takes as many bytes as a batch should. */
  isLong(): boolean;
  /** Everything that was added since the last time. */
  take(): EventBatch;
}

/**
 * Writes events down at once, so that no object of an event lives on, and neither side of a thread has to walk over them.
 * What events have in common is written once a batch.
 */
export function createBatchText(): BatchText {
  const subjects = new JsonBytes();
  const verifications = new JsonBytes();
  const ratelimits = new JsonBytes();
  /** Of a key or a namespace: its last place among the subjects. */
  const places = new Map<string, number>();
  /** Of each place. */
  const identityIds: (string | null)[] = [];
  const externalIds: (string | null)[] = [];
  let count = 0;
  let at = 0;

  function addVerification(event: VerificationEvent): void {
    beginRow(verifications, placeOfKey(event), event);
    verifications.string(event.outcome);
    verifications.raw(',[');
    for (let index = 0; index < event.tags.length; index++) {
      if (index > 0) verifications.comma();
      verifications.string(event.tags[index] ?? '');
    }
    verifications.raw('],');
    verifications.number(event.spentCredits);
    endRow(verifications, event);
  }

  function addRatelimit(event: RatelimitEvent): void {
    beginRow(ratelimits, placeOfNamespace(event), event);
    ratelimits.string(event.identifier);
    ratelimits.raw(event.passed ? ',1,' : ',0,');
    ratelimits.number(event.limit);
    ratelimits.comma();
    ratelimits.number(event.remaining);
    ratelimits.comma();
    ratelimits.number(event.cost);
    ratelimits.comma();
    ratelimits.stringOrNull(event.overrideId);
    endRow(ratelimits, event);
  }

  function beginRow(rows: JsonBytes, place: number, event: UsageEvent): void {
    rows.raw(rows.isEmpty ? '[' : ',[');
    rows.number(place);
    rows.comma();
    rows.number(event.at - at);
    rows.comma();
    rows.string(event.requestId);
    rows.comma();
  }

  function endRow(rows: JsonBytes, event: UsageEvent): void {
    rows.comma();
    rows.number(Math.round(event.latencyMs * 1000));
    rows.raw(']');
  }

  // A key may get another identity within a batch.
  function placeOfKey(event: VerificationEvent): number {
    const { keyId, identityId, externalId } = event;
    const known = places.get(keyId);
    if (known !== undefined && identityIds[known] === identityId && externalIds[known] === externalId)
      return known;
    beginSubject(event.workspaceId, event.apiId);
    subjects.comma();
    subjects.string(keyId);
    subjects.comma();
    subjects.stringOrNull(identityId);
    subjects.comma();
    subjects.stringOrNull(externalId);
    return endSubject(keyId, event);
  }

  function placeOfNamespace({ workspaceId, namespaceId }: RatelimitEvent): number {
    const known = places.get(namespaceId);
    if (known !== undefined) return known;
    beginSubject(workspaceId, namespaceId);
    return endSubject(namespaceId, { identityId: null, externalId: null });
  }

  function beginSubject(workspaceId: string, apiOrNamespaceId: string): void {
    subjects.raw(subjects.isEmpty ? '[' : ',[');
    subjects.string(workspaceId);
    subjects.comma();
    subjects.string(apiOrNamespaceId);
  }

  function endSubject(
    id: string,
    { identityId, externalId }: Pick<VerificationEvent, 'identityId' | 'externalId'>,
  ): number {
    subjects.raw(']');
    const place = identityIds.push(identityId) - 1;
    externalIds.push(externalId);
    places.set(id, place);
    return place;
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
    isLong: () => subjects.length + verifications.length + ratelimits.length >= batchBytesMax,
    take() {
      const batch = {
        count,
        at,
        subjects: `[${subjects.take()}]`,
        verifications: `[${verifications.take()}]`,
        ratelimits: `[${ratelimits.take()}]`,
      };
      count = 0;
      places.clear();
      identityIds.length = 0;
      externalIds.length = 0;
      return batch;
    },
  };
}
