import { createCipheriv, createHash } from 'node:crypto';
import { type Ids, randomIds } from '@unkey-ts/server';

/** Ids and bytes that follow from a text. */
export function deterministicIds(seed: string): Ids {
  const stream = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), Buffer.alloc(16));
  return randomIds((target) => target.set(stream.update(new Uint8Array(target.length))));
}

/** Ids of which the next ones can be chosen. */
export interface ChosenIds extends Ids {
  /** The next id with this prefix. */
  choose(prefix: string, id: string): void;
}

export function chosenIds(ids: Ids): ChosenIds {
  const chosen = new Map<string, string>();
  return {
    bytes: ids.bytes,
    batch: ids.batch,
    id(prefix) {
      const id = chosen.get(prefix);
      if (id === undefined) return ids.id(prefix);
      chosen.delete(prefix);
      return id;
    },
    choose: (prefix, id) => void chosen.set(prefix, id),
  };
}
