import { IdempotencyShareError } from './port.ts';

export interface IdempotencyBounds {
  /** Records and claims of all workspaces together. */
  readonly records: number;
  /** Characters of all responses together. */
  readonly characters: number;
}

export interface Usage {
  records: number;
  characters: number;
}

export const defaultBounds: IdempotencyBounds = { records: 400_000, characters: 128 * 1024 * 1024 };

const overShare =
  'This workspace has too many responses recorded for Idempotency-Key within the last minute. Try again later, or send ' +
  'verifications without the header.';

/**
 * What each workspace uses of the room for idempotency records. A workspace that uses as much as is still free has used
 * its share: it may claim no more names, so there is always room for other workspaces. Names begin with the id of a
 * workspace and a space.
 */
export class IdempotencyShares {
  readonly #bounds: IdempotencyBounds;
  readonly #usages = new Map<string, Usage>();
  readonly #total: Usage = { records: 0, characters: 0 };
  refusedClaims = 0;

  constructor(bounds: IdempotencyBounds) {
    this.#bounds = bounds;
  }

  use(name: string, change: Usage): void {
    this.change(workspaceOf(name), change);
  }

  protected change(workspace: string, { records, characters }: Usage): void {
    const usage = this.#usages.get(workspace) ?? { records: 0, characters: 0 };
    for (const one of [usage, this.#total]) {
      one.records += records;
      one.characters += characters;
    }
    if (usage.records > 0) this.#usages.set(workspace, usage);
    else this.#usages.delete(workspace);
  }

  /** Throws if the workspace has used its share. */
  check(name: string): void {
    const own = this.#usages.get(workspaceOf(name)) ?? { records: 0, characters: 0 };
    const hasRecords = own.records < this.#bounds.records - this.#total.records;
    const hasCharacters = own.characters < this.#bounds.characters - this.#total.characters;
    if (hasRecords && hasCharacters) return;
    this.refusedClaims++;
    throw new IdempotencyShareError(overShare);
  }
}

/** What was stored in the same second of its expiry. */
interface Batch {
  readonly storedAt: number;
  readonly usages: Map<string, Usage>;
}

/** After a clock has gone back by more than this, records from before do not count for longer than others. */
export const clockToleranceMs = 60_000;

/** Shares in records that expire elsewhere. They are counted by the second, so that a count takes little memory. */
export class ExpiringShares extends IdempotencyShares {
  /** By the second in which the records expire. */
  readonly #batches = new Map<number, Batch>();
  #sweptSecond = 0;

  /** Counts a record that is stored now and expires by itself. Both times are Unix milliseconds. */
  useUntil(name: string, characters: number, { now, expiresAt }: { now: number; expiresAt: number }): void {
    const workspace = workspaceOf(name);
    const second = Math.ceil(expiresAt / 1000);
    const batch = this.#batches.get(second) ?? { storedAt: now, usages: new Map<string, Usage>() };
    const usage = batch.usages.get(workspace) ?? { records: 0, characters: 0 };
    usage.records += 1;
    usage.characters += characters;
    batch.usages.set(workspace, usage);
    this.#batches.set(second, batch);
    this.change(workspace, { records: 1, characters });
  }

  dropExpired(now: number): void {
    const second = Math.floor(now / 1000);
    if (second === this.#sweptSecond) return;
    this.#sweptSecond = second;
    for (const [end, { storedAt, usages }] of this.#batches) {
      if (end > second && storedAt <= now + clockToleranceMs) continue;
      this.#batches.delete(end);
      for (const [workspace, { records, characters }] of usages)
        this.change(workspace, { records: -records, characters: -characters });
    }
  }
}

function workspaceOf(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf(' ')));
}
