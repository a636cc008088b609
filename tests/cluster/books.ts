import { expect } from 'vitest';
import type { Reply } from '../service.ts';
import { type Cluster, dataOf, longWindow } from './cluster.ts';

const startCredits = 1_000_000;

/** The results of calls of one kind. */
interface Account {
  /** Status 200. */
  acknowledged: number;
  /** Status 503: nothing was done. */
  refused: number;
  /** No response, or one that does not say whether it was done. */
  open: number;
}

interface IssuedKey {
  readonly keyId: string;
  readonly key: string;
}

export type Kind = 'create' | 'spend' | 'take' | 'verify';

/** The requests to a cluster in which parts fail, and their responses; the data afterwards must match them. */
export class Books {
  readonly limit: number;
  readonly #cluster: Cluster;
  readonly #apiId: string;
  readonly #free: IssuedKey;
  readonly #purse: IssuedKey;
  readonly #window: object;
  readonly #created: IssuedKey[] = [];
  readonly accounts: Readonly<Record<Kind, Account>> = {
    create: { acknowledged: 0, refused: 0, open: 0 },
    spend: { acknowledged: 0, refused: 0, open: 0 },
    take: { acknowledged: 0, refused: 0, open: 0 },
    verify: { acknowledged: 0, refused: 0, open: 0 },
  };
  /** Calls that the limit let pass. */
  passed = 0;
  /** Responses other than 200, by their text. */
  readonly failures = new Map<string, number>();

  private constructor(
    cluster: Cluster,
    apiId: string,
    keys: { free: IssuedKey; purse: IssuedKey; limit: number },
  ) {
    this.#cluster = cluster;
    this.#apiId = apiId;
    this.#free = keys.free;
    this.#purse = keys.purse;
    this.limit = keys.limit;
    this.#window = { namespace: 'books', identifier: apiId, limit: keys.limit, duration: longWindow() };
  }

  static async open(cluster: Cluster, limit: number): Promise<Books> {
    const { apiId } = await dataOf(cluster.call('apis.createApi', { name: 'books' }));
    const newKey = (body: object) => dataOf(cluster.call('keys.createKey', { apiId, ...body }));
    const free = await newKey({});
    const purse = await newKey({ credits: { remaining: startCredits } });
    const books = new Books(cluster, apiId, { free, purse, limit });
    // From here on every process has cached the keys and the namespace.
    for (const member of cluster.members) {
      for (const { key } of [free, purse])
        await dataOf(member.call('keys.verifyKey', { key, credits: { cost: 0 } }));
      await dataOf(member.call('ratelimit.limit', { ...books.#window, cost: 0 }));
    }
    return books;
  }

  async ask(kind: Kind): Promise<void> {
    const data = await this.#outcomeOf(kind, this.#send(kind));
    if (data === null) return;
    if (kind === 'create') this.#created.push(data);
    if (kind === 'take' && data.success) this.passed++;
    if (kind === 'verify' || kind === 'spend') expect(data.code).toBe('VALID');
  }

  #send(kind: Kind): Promise<Reply> {
    switch (kind) {
      case 'create':
        return this.#cluster.call('keys.createKey', { apiId: this.#apiId, permissions: ['books.read'] });
      case 'spend':
        return this.#cluster.call('keys.verifyKey', { key: this.#purse.key });
      case 'take':
        return this.#cluster.call('ratelimit.limit', this.#window);
      case 'verify':
        return this.#cluster.call('keys.verifyKey', { key: this.#free.key });
    }
  }

  async #outcomeOf(kind: Kind, reply: Promise<Reply>) {
    const { status, body, headers } = await reply;
    const account = this.accounts[kind];
    if (status === 200) {
      account.acknowledged++;
      return body.data;
    }
    const failure = `${kind}: ${status} ${body.error.detail}`;
    this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1);
    if (status === 503) {
      expect(headers.get('retry-after')).toBe('1');
      account.refused++;
    } else account.open++;
    return null;
  }

  /** Calls the limit until nothing passes any more. */
  async exhaust(): Promise<void> {
    let before: number;
    do {
      before = this.passed;
      await this.ask('take');
    } while (this.passed > before);
  }

  /** Expects everything that was acknowledged, and nothing that was neither acknowledged nor open. */
  async balance(): Promise<void> {
    const unchecked = [...this.#created];
    const check = async () => {
      for (let issued = unchecked.pop(); issued !== undefined; issued = unchecked.pop()) {
        const { keyId, key } = issued;
        const { permissions } = await dataOf(this.#cluster.call('keys.getKey', { keyId }));
        expect(permissions).toEqual(['books.read']);
        expect((await dataOf(this.#cluster.call('keys.verifyKey', { key }))).code).toBe('VALID');
      }
    };
    await Promise.all(Array.from({ length: 16 }, check));
    const { create, spend } = this.accounts;
    expectBetween((await this.#countKeys()) - 2, create);
    const { credits } = await dataOf(this.#cluster.call('keys.getKey', { keyId: this.#purse.keyId }));
    expectBetween(startCredits - credits.remaining, spend);
  }

  async #countKeys(): Promise<number> {
    let count = 0;
    let cursor: string | undefined;
    do {
      const { body } = await this.#cluster.call('apis.listKeys', {
        ...{ apiId: this.#apiId, limit: 100 },
        ...(cursor !== undefined && { cursor }),
      });
      count += body.data.length;
      cursor = body.pagination.cursor;
    } while (cursor !== undefined);
    return count;
  }
}

function expectBetween(done: number, { acknowledged, open }: Account): void {
  expect(done).toBeGreaterThanOrEqual(acknowledged);
  expect(done).toBeLessThanOrEqual(acknowledged + open);
}
