import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Counters, RememberedAnswer } from './port.ts';

/** An answer as it is stored. */
export interface StoredAnswer extends RememberedAnswer {
  readonly expiresAt: number;
}

/** Where processes keep answers together. Each method is one atomic step. */
export interface AnswerStore {
  /**
   * Null: the name was free, or its answer had expired at `now`, and is the mark's for `claimLifetimeMs`. Else what is
   * there: an answer, or another's mark.
   */
  claim(name: string, mark: string, now: number): Promise<StoredAnswer | 'claimed' | null>;
  /** For another `claimLifetimeMs`, if the name is still the mark's. */
  renew(name: string, mark: string): Promise<void>;
  /** If the name is still the mark's. */
  release(name: string, mark: string): Promise<void>;
  remember(name: string, answer: StoredAnswer, lifetimeMs: number): Promise<void>;
}

interface Claim {
  readonly mark: string;
  readonly claimedAt: number;
}

/** A process that dies lets go of its names after this time; one that lives renews them. */
export const claimLifetimeMs = 5000;
const askAgainMs = { first: 5, most: 100 };

/** Answers that all processes see. A name is claimed for a few seconds, again and again while its call runs. */
export function sharedAnswers(
  store: AnswerStore,
): Pick<Counters, 'claim' | 'remember' | 'release'> & { close(): void } {
  /** Names whose call runs in this process. */
  const claims = new Map<string, Claim>();
  const closing = new AbortController();
  // Each waiting call listens.
  setMaxListeners(0, closing.signal);

  const renewing = setInterval(() => {
    // A name that could not be renewed may be gone; its call goes on.
    for (const [name, { mark }] of claims) store.renew(name, mark).catch(() => {});
  }, claimLifetimeMs / 3);
  renewing.unref();

  const waitForOther = (attempt: number): Promise<void> => {
    const milliseconds = Math.min(askAgainMs.most, askAgainMs.first * 2 ** attempt);
    return pause(milliseconds * (0.5 + Math.random() / 2), undefined, { signal: closing.signal });
  };

  return {
    async claim(name, now) {
      const mark = randomUUID();
      for (let attempt = 0; ; attempt++) {
        const found = await store.claim(name, mark, now);
        if (found === null) {
          claims.set(name, { mark, claimedAt: now });
          return null;
        }
        if (found !== 'claimed') return found;
        await waitForOther(attempt);
      }
    },
    async remember(name, { fingerprint, answer }, expiresAt) {
      const claim = claims.get(name);
      if (claim === undefined)
        throw new Error('An answer was remembered under a name that nobody has claimed.');
      claims.delete(name);
      await store.remember(
        name,
        { fingerprint, answer, expiresAt },
        Math.max(1, expiresAt - claim.claimedAt),
      );
    },
    async release(name) {
      const claim = claims.get(name);
      claims.delete(name);
      if (claim !== undefined) await store.release(name, claim.mark);
    },
    close() {
      clearInterval(renewing);
      closing.abort();
    },
  };
}
