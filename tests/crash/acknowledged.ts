import { expect } from 'vitest';
import type { ServerProcess } from '../cli/server-process.ts';

export const startCredits = 100_000;

interface IssuedKey {
  readonly keyId: string;
  readonly key: string;
}

/** Records requests and which of them got 200: an acknowledged write must survive anything. */
export class Acknowledged {
  readonly #apiId: string;
  readonly #purse: IssuedKey;
  readonly #created: IssuedKey[] = [];
  readonly #deleted: IssuedKey[] = [];
  /** The name of the key, if it is known. */
  readonly #names = new Map<string, string>();
  #createsAsked = 0;
  #spendsAsked = 0;
  #spendsAnswered = 0;
  #steps = 0;

  private constructor(apiId: string, purse: IssuedKey) {
    this.#apiId = apiId;
    this.#purse = purse;
  }

  static async begin(server: ServerProcess): Promise<Acknowledged> {
    const { apiId } = (await server.call('apis.createApi', { name: 'crash' })).body.data;
    const purse = { apiId, credits: { remaining: startCredits } };
    return new Acknowledged(apiId, (await server.call('keys.createKey', purse)).body.data);
  }

  /** Number of requests with status 200. */
  get steps(): number {
    return this.#steps;
  }

  /** Sends one kind of write, by number. Rejects when the server is gone; throws at any status but 200. */
  async write(server: ServerProcess, number: number): Promise<void> {
    const writes = [this.#create, this.#spend, this.#rename, this.#spend, this.#create, this.#delete];
    await writes[number % writes.length]?.call(this, server, number);
    this.#steps++;
  }

  /** Asserts that every acknowledged write is there, and nothing that was not requested. */
  async check(server: ServerProcess): Promise<void> {
    for (const { keyId, key } of this.#created) {
      const { data } = (await server.call('keys.getKey', { keyId })).body;
      expect(data, `key ${keyId}`).toMatchObject({ keyId });
      const name = this.#names.get(keyId);
      if (name !== undefined) expect(data.name).toBe(name);
      expect((await server.call('keys.verifyKey', { key })).body.data).toMatchObject({
        code: 'VALID',
        keyId,
      });
    }
    for (const { key } of this.#deleted) {
      expect((await server.call('keys.verifyKey', { key })).body.data.code).toBe('NOT_FOUND');
    }
    const { remaining } = (await server.call('keys.getKey', { keyId: this.#purse.keyId })).body.data.credits;
    expect(startCredits - remaining).toBeGreaterThanOrEqual(this.#spendsAnswered);
    expect(startCredits - remaining).toBeLessThanOrEqual(this.#spendsAsked);
    expect(await this.#countKeys(server)).toBeLessThanOrEqual(1 + this.#createsAsked);
  }

  async #create(server: ServerProcess, number: number): Promise<void> {
    this.#createsAsked++;
    const body = { apiId: this.#apiId, name: `key ${number}`, permissions: [`writes.${number % 7}`] };
    this.#created.push(await succeeded(server.call('keys.createKey', body)));
  }

  async #spend(server: ServerProcess): Promise<void> {
    this.#spendsAsked++;
    const verified = await succeeded(server.call('keys.verifyKey', { key: this.#purse.key }));
    expect(verified).toMatchObject({ code: 'VALID' });
    this.#spendsAnswered++;
  }

  async #rename(server: ServerProcess, number: number): Promise<void> {
    const known = this.#created.shift();
    if (known === undefined) return;
    // No other request writes to the key until the outcome of this one is known.
    const name = `renamed ${number}`;
    this.#names.delete(known.keyId);
    try {
      await succeeded(server.call('keys.updateKey', { keyId: known.keyId, name }));
      this.#names.set(known.keyId, name);
    } finally {
      this.#created.push(known);
    }
  }

  async #delete(server: ServerProcess): Promise<void> {
    const known = this.#created.shift();
    if (known === undefined) return;
    await succeeded(server.call('keys.deleteKey', { keyId: known.keyId }));
    this.#deleted.push(known);
  }

  async #countKeys(server: ServerProcess): Promise<number> {
    let count = 0;
    let cursor: string | undefined;
    do {
      const { body } = await server.call('apis.listKeys', {
        ...{ apiId: this.#apiId, limit: 100 },
        ...(cursor !== undefined && { cursor }),
      });
      count += body.data.length;
      cursor = body.pagination.cursor;
    } while (cursor !== undefined);
    return count;
  }
}

async function succeeded(reply: ReturnType<ServerProcess['call']>) {
  const { status, body } = await reply;
  if (status === 200) return body.data;
  throw new Error(`returned ${status}: ${body.error?.detail}`);
}
