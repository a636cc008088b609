import { clockToleranceMs, defaultBounds, IdempotencyShares } from './idempotency-shares.ts';
import type { Counters, IdempotencyRecord } from './port.ts';

interface Entry extends IdempotencyRecord {
  expiresAt: number;
  readonly lifetimeMs: number;
}

interface Claim {
  readonly claimedAt: number;
  readonly ended: Promise<void>;
  end(): void;
}

export interface MemoryIdempotency extends Pick<Counters, 'claim' | 'complete' | 'release'> {
  dropExpired(now: number): void;
  clear(): void;
  size(): number;
  stats(): { readonly refusedClaims: number };
}

/**
 * Idempotency records in the memory of this process. No record is evicted before it expires: a retry would be charged
 * twice. Instead, each workspace has a share.
 */
export function memoryIdempotency(bounds = defaultBounds): MemoryIdempotency {
  /** Oldest first. */
  const records = new Map<string, Entry>();
  const claims = new Map<string, Claim>();
  const shares = new IdempotencyShares(bounds);

  const drop = (name: string): void => {
    const record = records.get(name);
    if (records.delete(name)) shares.use(name, { records: -1, characters: -(record?.response.length ?? 0) });
  };

  // Records expire in the order of insertion, unless the clock goes back. By more than a minute: the records that it was
  // ahead for would stay too long, and keep those behind them.
  const dropExpired = (now: number): void => {
    for (const [name, record] of records) {
      const latest = now + record.lifetimeMs;
      if (record.expiresAt > latest + clockToleranceMs) record.expiresAt = latest;
      else if (record.expiresAt <= now) drop(name);
      else break;
    }
  };

  const release = (name: string): void => {
    const claim = claims.get(name);
    if (claim === undefined) return;
    claims.delete(name);
    shares.use(name, { records: -1, characters: 0 });
    claim.end();
  };

  return {
    async claim(name, now) {
      dropExpired(now);
      // When a claim ends, the first waiting call claims the name and the others wait again.
      for (let claim = claims.get(name); claim !== undefined; claim = claims.get(name)) await claim.ended;
      const record = records.get(name);
      if (record !== undefined && record.expiresAt > now) return record;
      shares.check(name);
      claims.set(name, newClaim(now));
      shares.use(name, { records: 1, characters: 0 });
      return null;
    },
    complete(name, { fingerprint, response }, expiresAt) {
      drop(name);
      const lifetimeMs = expiresAt - (claims.get(name)?.claimedAt ?? 0);
      records.set(name, { fingerprint, response, expiresAt, lifetimeMs });
      shares.use(name, { records: 1, characters: response.length });
      release(name);
    },
    release,
    dropExpired,
    clear() {
      for (const name of records.keys()) drop(name);
      for (const name of claims.keys()) release(name);
    },
    size: () => records.size,
    stats: () => ({ refusedClaims: shares.refusedClaims }),
  };
}

function newClaim(claimedAt: number): Claim {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { claimedAt, ended, end: () => end() };
}
