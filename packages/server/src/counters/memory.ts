import { decide, type Window } from '../domain/ratelimit/window.ts';
import { BoundedMap, type Entry } from '../memory/bounded-map.ts';
import { memoryAnswers } from './memory-answers.ts';
import type { Counters } from './port.ts';

/** A counter's window, changed in place: there may be a million of them. */
interface Counter extends Entry {
  readonly durationMs: number;
  sequence: Window['sequence'];
  current: Window['current'];
  previous: Window['previous'];
}

/** Beyond them, those that were not asked for lately are forgotten, and count from zero again. */
const usualMaxSize = 1_000_000;

const sweepIntervalMs = 1000;
/** What one sweep looks at: it takes well under a millisecond. */
const sweptAtOnce = 2000;
/** For each counter that comes, so many are looked at: those that weigh nothing go as fast as others come. */
const sweptPerNew = 4;

export interface MemoryCounters extends Counters {
  size(): number;
  /** Forgets some of the counters that weigh nothing any more; going round, in time all of them. */
  sweep(now: number): void;
}

/** Counters in this process's memory. They start at zero with the process. */
export function memoryCounters(maxSize = usualMaxSize): MemoryCounters {
  const counters = new BoundedMap<Counter>(maxSize);
  const answers = memoryAnswers();
  const counterOf = (name: string) => counters.get(name);
  let sweptAt = 0;

  const sweepSome = (count: number, now: number): void => {
    counters.sweep(count, ({ sequence, durationMs }) => (sequence + 2) * durationMs <= now);
  };

  const sweep = (now: number): void => {
    sweptAt = now;
    sweepSome(sweptAtOnce, now);
    answers.dropExpired(now);
  };

  return {
    take(_workspaceId, takes, now) {
      if (now - sweptAt > sweepIntervalMs) sweep(now);
      const decision = decide(takes, counterOf, now);
      let added = 0;
      for (const { counter, durationMs, stored, sequence, current, previous } of decision.charged) {
        if (stored !== undefined) {
          stored.sequence = sequence;
          stored.current = current;
          stored.previous = previous;
        } else {
          added++;
          counters.add({ key: counter, durationMs, sequence, current, previous, place: 0, isUsed: false });
        }
      }
      // Only now: before, it could have forgotten one that this call changes.
      if (added > 0) sweepSome(added * sweptPerNew, now);
      return decision;
    },
    claim: answers.claim,
    remember: answers.remember,
    release: answers.release,
    size: () => counters.size,
    sweep,
    async close() {
      counters.clear();
      answers.clear();
    },
  };
}
