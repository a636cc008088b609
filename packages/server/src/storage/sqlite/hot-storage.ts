import type { ChangeListener } from '../changes.ts';
import type { HotStorage } from '../port/storage.ts';
import { announcedCommits, onceATurn } from './commits.ts';
import { hotReads } from './hot-path.ts';
import { openDatabase } from './open.ts';
import { withStorageErrors } from './unavailable.ts';

/** The lookups of the verify and limit paths alone, for a thread beside the one that writes. The file must exist. */
export function openHotStorage(options: {
  readonly file: string;
  readonly onCommit: ChangeListener;
  readonly spendCredits: HotStorage['spendCredits'];
  /** Throws when nothing can be written. */
  readonly check: () => void;
}): HotStorage {
  const database = withStorageErrors(() => openDatabase(options.file));
  const reads = hotReads(database);
  return {
    findCaller: (hash) => withStorageErrors(() => reads.findCaller(hash)),
    findVerifiableKey: (hash, workspaceId) =>
      withStorageErrors(() => reads.findVerifiableKey(hash, workspaceId)),
    findNamespace: (workspaceId, idOrName) =>
      withStorageErrors(() => reads.findNamespace(workspaceId, idOrName)),
    readCredits: (workspaceId, keyId) => withStorageErrors(() => reads.readCredits(workspaceId, keyId)),
    spendCredits: options.spendCredits,
    pollChanges: onceATurn(announcedCommits(database), options.onCommit),
    ping() {
      options.check();
      database.prepare('SELECT 1 FROM workspaces LIMIT 1').get();
    },
    async close() {
      if (database.isOpen) database.close();
    },
  };
}
