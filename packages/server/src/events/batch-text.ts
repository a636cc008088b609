import type { EventBatch, RatelimitEvent, UsageEvent, VerificationEvent } from './port.ts';

/** Events of one batch happened within this many milliseconds of the first. */
export const batchSpanMs = 60_000;

/** A batch with more characters is full, so that long tags do not make a batch of many megabytes. */
const maxCharacters = 1_000_000;

export interface BatchText {
  /** False when the event needs another batch: it happened before the first event, or long after it. */
  fits(event: UsageEvent): boolean;
  add(event: UsageEvent): void;
  count(): number;
  isFull(): boolean;
  /** Returns the events added since the last flush. */
  flush(): EventBatch;
}

/**
 * Serialises events as they are added: no event object outlives its request, and neither thread traverses them later. A
 * subject (the ids that events of one key or namespace share) is written once per batch.
 */
export function createBatchText(): BatchText {
  const subjects = new JsonList();
  const verifications = new JsonList();
  const ratelimits = new JsonList();
  /** The last subject of each key or namespace. */
  const subjectOf = new Map<string, Subject>();
  let count = 0;
  let at = 0;

  function addVerification(event: VerificationEvent): void {
    const { requestId, outcome, tags, spentCredits } = event;
    const subject = subjectOfKey(event);
    const decision = [outcome, tags, spentCredits];
    verifications.add([subject, event.at - at, requestId, ...decision, ...measured(event)]);
  }

  function addRatelimit(event: RatelimitEvent): void {
    const { requestId, identifier, passed, limit, remaining, cost, overrideId } = event;
    const subject = subjectOfNamespace(event);
    const decision = [passed ? 1 : 0, limit, remaining, cost, overrideId];
    ratelimits.add([subject, event.at - at, requestId, identifier, ...decision, ...measured(event)]);
  }

  // The identity of a key may change within a batch.
  function subjectOfKey({ workspaceId, apiId, keyId, identityId, externalId }: VerificationEvent): number {
    const known = subjectOf.get(keyId);
    if (known?.identityId === identityId && known.externalId === externalId) return known.index;
    const index = subjects.add([workspaceId, apiId, keyId, identityId, externalId]);
    subjectOf.set(keyId, { index, identityId, externalId });
    return index;
  }

  function subjectOfNamespace({ workspaceId, namespaceId }: RatelimitEvent): number {
    const known = subjectOf.get(namespaceId);
    if (known !== undefined) return known.index;
    const index = subjects.add([workspaceId, namespaceId]);
    subjectOf.set(namespaceId, { index, identityId: null, externalId: null });
    return index;
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
    isFull: () => subjects.characters + verifications.characters + ratelimits.characters >= maxCharacters,
    flush() {
      const batch = {
        count,
        at,
        subjects: subjects.flush(),
        verifications: verifications.flush(),
        ratelimits: ratelimits.flush(),
      };
      count = 0;
      subjectOf.clear();
      return batch;
    },
  };
}

interface Subject {
  /** Position in the list of subjects. */
  readonly index: number;
  readonly identityId: string | null;
  readonly externalId: string | null;
}

/** The last members of an event. Most have no trace, and then no place is kept for it. */
function measured({ latencyMs, trace }: UsageEvent): readonly unknown[] {
  const microseconds = Math.round(latencyMs * 1000);
  return trace === null ? [microseconds] : [microseconds, trace.traceId, trace.spanId];
}

/** A JSON array, written item by item. */
class JsonList {
  readonly #items: string[] = [];
  characters = 0;

  /** Returns the position of the item. */
  add(item: readonly unknown[]): number {
    const text = JSON.stringify(item);
    this.characters += text.length;
    return this.#items.push(text) - 1;
  }

  flush(): string {
    const text = `[${this.#items.join()}]`;
    this.#items.length = 0;
    this.characters = 0;
    return text;
  }
}
