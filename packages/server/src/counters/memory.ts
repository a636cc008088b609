import { decide, type Window } from '../domain/ratelimit/window.ts';
import { BoundedMap, type Entry } from '../memory/bounded-map.ts';
import { memoryIdempotency } from './memory-idempotency.ts';
import type { Counters } from './port.ts';

/** The window of a counter, changed in place: there may be a million. */
interface Counter extends Entry {
  readonly durationMs: number;
  sequence: Window['sequence'];
  current: Window['current'];
  previous: Window['previous'];
}

/** Beyond this number, counters that were not used lately are evicted, and count from zero again. */
const defaultMaxSize = 1_000_000;

const sweepIntervalMs = 1000;
/** Counters checked by one sweep: it takes well under a millisecond. */
const sweepSize = 2000;
/** Counters checked for each new one: expired counters are removed as fast as new ones are added. */
const sweepSizePerNew = 4;

export interface MemoryCounters extends Counters {
  size(): number;
  /** Removes some of the expired counters. Each sweep goes on where the last one ended. */
  sweep(now: number): void;
}

/** Counters in the memory of this process. They start at zero with the process. */
export function memoryCounters(maxSize = defaultMaxSize): MemoryCounters {
  const counters = new BoundedMap<Counter>(maxSize);
  const idempotency = memoryIdempotency();
  const counterOf = (name: string) => counters.get(name);
  let sweptAt = 0;

  const removeExpired = (count: number, now: number): void => {
    counters.sweep(count, ({ sequence, durationMs }) => (sequence + 2) * durationMs <= now);
  };

  const sweep = (now: number): void => {
    sweptAt = now;
    removeExpired(sweepSize, now);
    idempotency.dropExpired(now);
  };

  return {
    consume(_workspaceId, checks, now) {
      if (now - sweptAt > sweepIntervalMs) sweep(now);
      const decision = decide(checks, counterOf, now);
      let added = 0;
      for (const { counter, durationMs, stored, sequence, current, previous } of decision.charged) {
        if (stored !== undefined) {
          stored.sequence = sequence;
          stored.current = current;
          stored.previous = previous;
        } else {
          added++;
          counters.add({
            key: counter,
            durationMs,
            sequence,
            current,
            previous,
            slot: 0,
            isReferenced: false,
          });
        }
      }
      // Not earlier: the sweep could remove a counter that this call changes.
      if (added > 0) removeExpired(added * sweepSizePerNew, now);
      return decision;
    },
    claim: idempotency.claim,
    complete: idempotency.complete,
    release: idempotency.release,
    size: () => counters.size,
    sweep,
    async close() {
      counters.clear();
      idempotency.clear();
    },
  };
}
