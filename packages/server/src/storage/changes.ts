/**
 * What a transaction changed, so that whoever caches it can drop it after the commit. A tag is an id (of a key, an
 * identity, a workspace, a root key, a namespace) or the hash of a key that came into being.
 */
export interface Changes {
  add(tag: string): void;
}

/** Called after a commit with the changed tags; null: anything may have changed (another process wrote). */
export type ChangeListener = (tags: ReadonlySet<string> | null) => void;
