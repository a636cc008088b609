import { afterEach, beforeEach } from 'vitest';
import type { ChangeListener } from '../changes.ts';
import type { Storage, WriteScope } from '../port/storage.ts';
import type { Store } from '../port/store.ts';

/** A storage on a database of its own. */
export interface Opened {
  readonly storage: Storage;
  /** The same database as another process has it. */
  openAnother(): Promise<Storage>;
  /** Closes all that was opened, and removes the database. */
  close(): Promise<void>;
}

export type OpenStorage = (onCommit: ChangeListener) => Promise<Opened>;

/** A new storage for every test, and what it reported. */
export interface Case {
  readonly storage: Storage;
  /** In the order of the commits; null: another process's. */
  readonly reports: (ReadonlySet<string> | null)[];
  /** Called with every commit, besides. */
  onCommit: ChangeListener;
  /** In the scope of the workspace `ws_1`, unless the tests are for another one. */
  write<Result>(work: (store: Store) => Promise<Result>): Promise<Result>;
  read<Result>(work: (store: Store) => Promise<Result>): Promise<Result>;
  openAnother(): Promise<Storage>;
}

export function openForEach(open: OpenStorage, scope: WriteScope = { workspaceId: 'ws_1' }): () => Case {
  let opened: Opened | undefined;
  let current: Case | undefined;
  beforeEach(async () => {
    const reports: Case['reports'] = [];
    const one = await open((tags) => {
      reports.push(tags);
      current?.onCommit(tags);
    });
    opened = one;
    current = {
      storage: one.storage,
      reports,
      onCommit: () => {},
      write: (work) => one.storage.write(work, scope),
      read: (work) => one.storage.read(work),
      openAnother: () => one.openAnother(),
    };
  });
  afterEach(() => opened?.close());
  return () => {
    if (current === undefined) throw new Error('The storage is open inside a test only.');
    return current;
  };
}
