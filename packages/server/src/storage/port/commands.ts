/** One key, at a time in Unix milliseconds. */
export interface RefillOrder {
  readonly workspaceId: string;
  readonly keyId: string;
  readonly now: number;
}

/** A presented key, and the migration that the caller names. */
export interface AdoptionOrder {
  readonly workspaceId: string;
  readonly key: string;
  readonly migrationId: string;
  readonly now: number;
}

/** `none`: the migration does not exist, or its keys need no adoption. `malformed`: the key is not one of this migration. */
export type Adoption = 'attempted' | 'none' | 'malformed';

export interface NamespacesOrder {
  readonly workspaceId: string;
  readonly names: readonly string[];
  readonly now: number;
  /** Who asks, for the audit log. */
  readonly rootKey: { readonly id: string; readonly name: string | null };
  readonly clientIp: string;
  readonly userAgent: string | undefined;
}

/**
 * What operations of mode `spend` write besides credits. Orders and results are plain data: a command may run in another
 * thread.
 */
export interface Commands {
  /** Refills a key if its refill is due. */
  refillKey(order: RefillOrder): Promise<void>;
  /** Replaces the hash that a migrated key had in another system by Unkey's own, if there is such a key. */
  adoptMigratedKey(order: AdoptionOrder): Promise<Adoption>;
  /** Creates those namespaces that do not exist. */
  createNamespaces(order: NamespacesOrder): Promise<void>;
}
