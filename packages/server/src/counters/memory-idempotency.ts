import { type Counters, type IdempotencyRecord, IdempotencyShareError } from './port.ts';

interface Entry extends IdempotencyRecord {
  readonly expiresAt: number;
}

interface Claim {
  readonly ended: Promise<void>;
  end(): void;
}

export interface IdempotencyBounds {
  /** Records and claims of all workspaces together. */
  readonly records: number;
  /** Characters of all responses together. */
  readonly characters: number;
}

interface Usage {
  records: number;
  characters: number;
}

const defaultBounds: IdempotencyBounds = { records: 400_000, characters: 128 * 1024 * 1024 };

const overShare =
  'This workspace has too many responses recorded for Idempotency-Key within the last minute. Try again later, or send ' +
  'verifications without the header.';

export interface MemoryIdempotency extends Pick<Counters, 'claim' | 'complete' | 'release'> {
  dropExpired(now: number): void;
  clear(): void;
  size(): number;
  stats(): { readonly refusedClaims: number };
}

/**
 * Idempotency records in the memory of this process. Names begin with the id of a workspace and a space. No record is
 * evicted before it expires: a retry would be charged twice. Instead, a workspace that uses as much as is still free may
 * claim no more names, so there is always room for other workspaces.
 */
export function memoryIdempotency(bounds = defaultBounds): MemoryIdempotency {
  /** Oldest first. */
  const records = new Map<string, Entry>();
  const claims = new Map<string, Claim>();
  const shares = new Shares(bounds);

  const drop = (name: string): void => {
    const record = records.get(name);
    if (record === undefined) return;
    records.delete(name);
    shares.use(name, { records: -1, characters: -record.response.length });
  };

  // Records expire in the order of insertion, unless the clock steps back.
  const dropExpired = (now: number): void => {
    for (const [name, { expiresAt }] of records) {
      if (expiresAt > now) break;
      drop(name);
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
      claims.set(name, newClaim());
      shares.use(name, { records: 1, characters: 0 });
      return null;
    },
    complete(name, { fingerprint, response }, expiresAt) {
      drop(name);
      records.set(name, { fingerprint, response, expiresAt });
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

/** What each workspace uses of the memory. */
class Shares {
  readonly #bounds: IdempotencyBounds;
  readonly #usages = new Map<string, Usage>();
  readonly #total: Usage = { records: 0, characters: 0 };
  refusedClaims = 0;

  constructor(bounds: IdempotencyBounds) {
    this.#bounds = bounds;
  }

  use(name: string, change: Usage): void {
    const workspace = workspaceOf(name);
    const usage = this.#usages.get(workspace) ?? { records: 0, characters: 0 };
    for (const one of [usage, this.#total]) {
      one.records += change.records;
      one.characters += change.characters;
    }
    if (usage.records > 0) this.#usages.set(workspace, usage);
    else this.#usages.delete(workspace);
  }

  /** Throws if the workspace uses as much as is still free: its share. */
  check(name: string): void {
    const own = this.#usages.get(workspaceOf(name)) ?? { records: 0, characters: 0 };
    const hasRecords = own.records < this.#bounds.records - this.#total.records;
    const hasCharacters = own.characters < this.#bounds.characters - this.#total.characters;
    if (hasRecords && hasCharacters) return;
    this.refusedClaims++;
    throw new IdempotencyShareError(overShare);
  }
}

function workspaceOf(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf(' ')));
}

function newClaim(): Claim {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { ended, end: () => end() };
}
