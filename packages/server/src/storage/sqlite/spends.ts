import type {
  DatabaseSyncInstance as DatabaseSync,
  StatementSyncInstance as StatementSync,
} from '@photostructure/sqlite';
import type { SpendOrder, Spent } from '../port/storage.ts';
import { unavailable } from './unavailable.ts';
import type { Writer } from './writer.ts';

const spendSql = `
  UPDATE keys SET credits_remaining = credits_remaining - ?3
  WHERE workspace_id = ?1 AND id = ?2 AND credits_remaining >= ?3
    AND (next_refill_at IS NULL OR next_refill_at > ?4)
  RETURNING credits_remaining`;

const readSql = 'SELECT credits_remaining, next_refill_at FROM keys WHERE workspace_id = ? AND id = ?';

interface CreditRow {
  credits_remaining: number | null;
  next_refill_at: number | null;
}

interface Spend {
  readonly order: SpendOrder;
  readonly resolve: (spent: Spent) => void;
  readonly reject: (error: unknown) => void;
}

interface Settled {
  readonly spend: Spend;
  readonly spent: Spent;
}

interface SpendsOfKey {
  readonly workspaceId: string;
  readonly keyId: string;
  readonly spends: Spend[];
}

/** Batches spends: those of one turn of the event loop are one job of the writer, those of one key one statement. */
export class Spends {
  readonly #writer: Writer;
  readonly #spend: StatementSync;
  readonly #read: StatementSync;
  /** By key; null when no job is queued. */
  #waiting: Map<string, SpendsOfKey> | null = null;

  /** `database` is the writer's. */
  constructor(database: DatabaseSync, writer: Writer) {
    this.#writer = writer;
    this.#spend = database.prepare(spendSql);
    this.#read = database.prepare(readSql);
  }

  spend(workspaceId: string, keyId: string, order: SpendOrder): Promise<Spent> {
    return new Promise((resolve, reject) => {
      this.#waiting ??= this.#begin();
      const name = `${workspaceId}\n${keyId}`;
      const spend = { order, resolve, reject };
      const ofKey = this.#waiting.get(name);
      if (ofKey) ofKey.spends.push(spend);
      else this.#waiting.set(name, { workspaceId, keyId, spends: [spend] });
    });
  }

  #begin(): Map<string, SpendsOfKey> {
    const group = new Map<string, SpendsOfKey>();
    void this.#commit(group);
    return group;
  }

  async #commit(group: ReadonlyMap<string, SpendsOfKey>): Promise<void> {
    try {
      const settled = await this.#writer.run(() => {
        this.#waiting = null;
        return [...group.values()].flatMap((ofKey) => this.#spendTogether(ofKey));
      });
      for (const { spend, spent } of settled) spend.resolve(spent);
    } catch (error) {
      // The job may have failed before it began.
      if (this.#waiting === group) this.#waiting = null;
      const failure = unavailable(error);
      for (const { spends } of group.values()) for (const { reject } of spends) reject(failure);
    }
  }

  /** Spends all in one statement if the credits suffice for all of them. */
  #spendTogether(ofKey: SpendsOfKey): Settled[] {
    const { workspaceId, keyId, spends } = ofKey;
    const cost = spends.reduce((sum, { order }) => sum + order.cost, 0);
    const now = Math.max(...spends.map(({ order }) => order.now));
    const row = this.#spend.get(workspaceId, keyId, cost, now) as { credits_remaining: number } | undefined;
    if (row === undefined) return this.#spendEach(ofKey);
    let remaining = row.credits_remaining + cost;
    return spends.map((spend) => {
      remaining -= spend.order.cost;
      return { spend, spent: { remaining, isSpent: true } };
    });
  }

  /** Decides in order of arrival; a large spend that is refused does not block a later small one. */
  #spendEach({ workspaceId, keyId, spends }: SpendsOfKey): Settled[] {
    const row = this.#read.get(workspaceId, keyId) as CreditRow | undefined;
    if (row === undefined || row.credits_remaining === null) {
      return spends.map((spend) => ({ spend, spent: { remaining: null, isSpent: true } }));
    }
    const refillAt = row.next_refill_at ?? Number.POSITIVE_INFINITY;
    let remaining = row.credits_remaining;
    const settled = spends.map((spend): Settled => {
      const { cost, now } = spend.order;
      if (refillAt <= now) return { spend, spent: { remaining, isSpent: false, isRefillDue: true } };
      const isSpent = cost <= remaining;
      if (isSpent) remaining -= cost;
      return { spend, spent: { remaining, isSpent } };
    });
    const cost = row.credits_remaining - remaining;
    if (cost > 0) this.#spend.get(workspaceId, keyId, cost, beforeAnyRefill);
    return settled;
  }
}

/** For a spend that was decided already: no refill is due at this time. */
const beforeAnyRefill = 0;
