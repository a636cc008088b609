import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Counters, IdempotencyRecord } from './port.ts';

export interface StoredRecord extends IdempotencyRecord {
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

/** Where processes share idempotency records and claims. Each method is one atomic step. */
export interface RecordStore {
  /**
   * Claims the name for `token` for `claimLifetimeMs` and resolves to null, if it is free or its record has expired at
   * `now`. Otherwise resolves to the record, or to `claimed` if another token holds the claim.
   */
  claim(name: string, token: string, now: number): Promise<StoredRecord | 'claimed' | null>;
  /** Extends the claim by `claimLifetimeMs`, if `token` still holds it. */
  renew(name: string, token: string): Promise<void>;
  /** Ends the claim, if `token` still holds it. */
  release(name: string, token: string): Promise<void>;
  complete(name: string, record: StoredRecord, lifetimeMs: number): Promise<void>;
}

interface Claim {
  readonly token: string;
  readonly claimedAt: number;
}

/** Claims of a process that dies expire after this time; a live process renews its claims. */
export const claimLifetimeMs = 5000;
const pollMs = { first: 5, max: 100 };

/** Idempotency records that all processes see. */
export function sharedIdempotency(
  store: RecordStore,
): Pick<Counters, 'claim' | 'complete' | 'release'> & { close(): void } {
  /** Claims of calls that run in this process. */
  const claims = new Map<string, Claim>();
  const closing = new AbortController();
  // Every waiting call adds a listener.
  setMaxListeners(0, closing.signal);

  const renewal = setInterval(() => {
    // A claim that cannot be renewed may be lost; its call goes on.
    for (const [name, { token }] of claims) store.renew(name, token).catch(() => {});
  }, claimLifetimeMs / 3);
  renewal.unref();

  const backOff = (attempt: number): Promise<void> => {
    const milliseconds = Math.min(pollMs.max, pollMs.first * 2 ** attempt);
    return sleep(milliseconds * (0.5 + Math.random() / 2), undefined, { signal: closing.signal });
  };

  return {
    async claim(name, now) {
      const token = randomUUID();
      for (let attempt = 0; ; attempt++) {
        const found = await store.claim(name, token, now);
        if (found === null) {
          claims.set(name, { token, claimedAt: now });
          return null;
        }
        if (found !== 'claimed') return found;
        await backOff(attempt);
      }
    },
    async complete(name, { fingerprint, response }, expiresAt) {
      const claim = claims.get(name);
      if (claim === undefined) throw new Error('An idempotency record was completed without a claim.');
      claims.delete(name);
      const lifetimeMs = Math.max(1, expiresAt - claim.claimedAt);
      await store.complete(name, { fingerprint, response, expiresAt }, lifetimeMs);
    },
    async release(name) {
      const claim = claims.get(name);
      claims.delete(name);
      if (claim !== undefined) await store.release(name, claim.token);
    },
    close() {
      clearInterval(renewal);
      closing.abort();
    },
  };
}

/** The member names of a record in the store: those of the first release, which may run beside this one. */
export function encodeRecord({ fingerprint, response, expiresAt }: StoredRecord): string {
  return JSON.stringify({ fingerprint, answer: response, expiresAt });
}

export function decodeRecord(text: string): StoredRecord {
  const { fingerprint, answer, expiresAt } = JSON.parse(text);
  return { fingerprint, response: answer, expiresAt };
}
