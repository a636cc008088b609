import type { DatabaseSyncInstance as DatabaseSync } from '@photostructure/sqlite';
import type { ChangeListener } from '../changes.ts';
import { alwaysFresh, type Freshness } from '../port/storage.ts';

/** Checks at most once a turn of the event loop whether something has been committed; if so, anything may have changed. */
export function onceATurn(hasChanged: () => boolean, onCommit: ChangeListener): () => Freshness {
  let isAsked = false;
  return () => {
    if (isAsked) return alwaysFresh;
    isAsked = true;
    setImmediate(() => {
      isAsked = false;
    });
    if (hasChanged()) onCommit(null);
    return alwaysFresh;
  };
}

/** Tells whether another connection has committed since the last call. */
export function otherCommits(database: DatabaseSync): () => boolean {
  const statement = database.prepare('PRAGMA data_version');
  return changeOf(() => (statement.get() as { data_version: number }).data_version);
}

/**
 * Tells whether a commit was announced since the last call. The storage thread does not announce its commits, which the
 * main thread hears of in another way; those of the command line are announced.
 */
export function announcedCommits(database: DatabaseSync): () => boolean {
  const hasChanged = otherCommits(database);
  const isAnnounced = changeOf(() => announcements(database));
  return () => hasChanged() && isAnnounced();
}

/** Inside a transaction. The number of announcements is SQLite's `application_id`, which nothing else of ours uses. */
export function announceCommit(database: DatabaseSync): void {
  database.exec(`PRAGMA application_id = ${(announcements(database) + 1) % 2 ** 31}`);
}

function announcements(database: DatabaseSync): number {
  return (database.prepare('PRAGMA application_id').get() as { application_id: number }).application_id;
}

function changeOf(read: () => number): () => boolean {
  let known = read();
  return () => {
    const current = read();
    const hasChanged = current !== known;
    known = current;
    return hasChanged;
  };
}
