import { decide, type Window } from '../domain/ratelimit/window.ts';
import { memoryAnswers } from './memory-answers.ts';
import type { Counters } from './port.ts';

interface Entry {
  readonly window: Window;
  /** From here on the window weighs nothing. */
  readonly expiresAt: number;
}

const sweepIntervalMs = 30_000;

/** Counters in this process's memory. They start at zero with the process. */
export function memoryCounters(): Counters & { readonly size: () => number; sweep(now: number): void } {
  const entries = new Map<string, Entry>();
  const answers = memoryAnswers();
  let sweptAt = 0;

  const sweep = (now: number): void => {
    sweptAt = now;
    for (const [counter, { expiresAt }] of entries) if (expiresAt <= now) entries.delete(counter);
    answers.dropExpired(now);
  };

  return {
    take(_workspaceId, takes, now) {
      if (now - sweptAt > sweepIntervalMs) sweep(now);
      const decision = decide(takes, (counter) => entries.get(counter)?.window, now);
      for (const { counter, durationMs } of takes) {
        const window = decision.windows.get(counter);
        if (window === undefined) continue;
        entries.set(counter, { window, expiresAt: (window.sequence + 2) * durationMs });
      }
      return decision;
    },
    claim: answers.claim,
    remember: answers.remember,
    release: answers.release,
    size: () => entries.size,
    sweep,
    async close() {
      entries.clear();
      answers.clear();
    },
  };
}
