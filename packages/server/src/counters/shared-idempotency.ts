import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExpiringShares, type IdempotencyBounds, type IdempotencyShares } from './idempotency-shares.ts';
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

export interface SharedIdempotency extends Pick<Counters, 'claim' | 'complete' | 'release'> {
  stats(): { readonly refusedClaims: number };
  close(): void;
}

/**
 * Idempotency records that all processes see. Each process bounds what it stores there, with a share for each workspace:
 * that needs no count in the store, and so no further round trip.
 */
export function sharedIdempotency(store: RecordStore, bounds: IdempotencyBounds): SharedIdempotency {
  const shares = new ExpiringShares(bounds);
  const claims = openClaims(store, shares);
  const closing = new AbortController();
  // Every waiting call adds a listener.
  setMaxListeners(0, closing.signal);

  const backOff = (attempt: number): Promise<void> => {
    const milliseconds = Math.min(pollMs.max, pollMs.first * 2 ** attempt);
    return sleep(milliseconds * (0.5 + Math.random() / 2), undefined, { signal: closing.signal });
  };

  return {
    async claim(name, now) {
      shares.dropExpired(now);
      const token = randomUUID();
      for (let attempt = 0; ; attempt++) {
        const found = await store.claim(name, token, now);
        if (found === null) {
          await claims.add(name, { token, claimedAt: now });
          return null;
        }
        if (found !== 'claimed') return found;
        await backOff(attempt);
      }
    },
    async complete(name, { fingerprint, response }, expiresAt) {
      const claim = claims.end(name);
      if (claim === undefined) throw new Error('An idempotency record was completed without a claim.');
      shares.useUntil(name, response.length, { now: claim.claimedAt, expiresAt });
      const lifetimeMs = Math.max(1, expiresAt - claim.claimedAt);
      await store.complete(name, { fingerprint, response, expiresAt }, lifetimeMs);
    },
    async release(name) {
      const claim = claims.end(name);
      if (claim !== undefined) await store.release(name, claim.token);
    },
    stats: () => ({ refusedClaims: shares.refusedClaims }),
    close() {
      claims.close();
      closing.abort();
    },
  };
}

/** The claims of calls that run in this process: they are renewed, and count in the shares. */
function openClaims(store: RecordStore, shares: IdempotencyShares) {
  const claims = new Map<string, Claim>();
  const renewal = setInterval(() => {
    // A claim that cannot be renewed may be lost; its call goes on.
    for (const [name, { token }] of claims) store.renew(name, token).catch(() => {});
  }, claimLifetimeMs / 3);
  renewal.unref();

  return {
    /** Gives the claim back and throws, if the workspace has used its share. */
    async add(name: string, claim: Claim): Promise<void> {
      try {
        shares.check(name);
      } catch (error) {
        // If this fails, the claim expires.
        await store.release(name, claim.token).catch(() => {});
        throw error;
      }
      claims.set(name, claim);
      shares.use(name, { records: 1, characters: 0 });
    },
    /** The store is not told. */
    end(name: string): Claim | undefined {
      const claim = claims.get(name);
      if (claims.delete(name)) shares.use(name, { records: -1, characters: 0 });
      return claim;
    },
    close: () => clearInterval(renewal),
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
