/**
 * The tags of what a transaction changed: caches drop the entries with these tags after the commit. A tag is an id (of a
 * key, an API, an identity, a workspace, a root key, a namespace), the hash of a new key, or `keysOfWorkspace`.
 */
export interface Changes {
  add(tag: string): void;
}

/** Called after a commit with its tags; null: another process wrote, anything may have changed. */
export type ChangeListener = (tags: ReadonlySet<string> | null) => void;

/** The tag of all keys of a workspace, for changes that concern too many keys to name each. */
export function keysOfWorkspace(workspaceId: string): string {
  return `keys of ${workspaceId}`;
}
