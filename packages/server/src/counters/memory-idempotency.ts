import type { Counters, IdempotencyRecord } from './port.ts';

interface Entry extends IdempotencyRecord {
  readonly expiresAt: number;
}

interface Claim {
  readonly ended: Promise<void>;
  end(): void;
}

/** Beyond these bounds the oldest records are evicted. */
export interface IdempotencyBounds {
  readonly records: number;
  /** Characters of all responses together. */
  readonly characters: number;
}

const defaultBounds: IdempotencyBounds = { records: 100_000, characters: 64 * 1024 * 1024 };

export interface MemoryIdempotency extends Pick<Counters, 'claim' | 'complete' | 'release'> {
  dropExpired(now: number): void;
  clear(): void;
  size(): number;
}

/** Idempotency records in the memory of this process. */
export function memoryIdempotency(bounds = defaultBounds): MemoryIdempotency {
  /** Oldest first. */
  const records = new Map<string, Entry>();
  const claims = new Map<string, Claim>();
  let characters = 0;

  const drop = (name: string): void => {
    characters -= records.get(name)?.response.length ?? 0;
    records.delete(name);
  };

  const evictOldest = (): void => {
    const [oldest] = records.keys();
    if (oldest !== undefined) drop(oldest);
  };

  // Records expire in the order of insertion, unless the clock steps back.
  const dropExpired = (now: number): void => {
    for (const [name, { expiresAt }] of records) {
      if (expiresAt > now) break;
      drop(name);
    }
  };

  const release = (name: string): void => {
    claims.get(name)?.end();
    claims.delete(name);
  };

  return {
    async claim(name, now) {
      dropExpired(now);
      // When a claim ends, the first waiting call claims the name and the others wait again.
      for (let claim = claims.get(name); claim !== undefined; claim = claims.get(name)) await claim.ended;
      const record = records.get(name);
      if (record !== undefined && record.expiresAt > now) return record;
      claims.set(name, newClaim());
      return null;
    },
    complete(name, { fingerprint, response }, expiresAt) {
      drop(name);
      records.set(name, { fingerprint, response, expiresAt });
      characters += response.length;
      while (records.size > bounds.records || characters > bounds.characters) evictOldest();
      release(name);
    },
    release,
    dropExpired,
    clear() {
      records.clear();
      characters = 0;
      for (const name of claims.keys()) release(name);
    },
    size: () => records.size,
  };
}

function newClaim(): Claim {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { ended, end: () => end() };
}
