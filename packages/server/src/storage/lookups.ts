import type { MaybePromise } from '../base/maybe-promise.ts';
import { type Grants, prepareGrants } from '../domain/permissions/grants.ts';
import { type OverrideSet, prepareOverrides } from '../domain/ratelimit/overrides.ts';
import type { VerifiableKey } from '../domain/verification/verifiable-key.ts';
import type { ChangeListener } from './changes.ts';
import type { Namespace } from './port/records.ts';
import { type Caller, type Storage, StorageUnavailableError } from './port/storage.ts';
import { type Remembered, TaggedCache } from './tagged-cache.ts';

/** A caller whose permissions are ready to be asked. */
export interface PreparedCaller extends Caller {
  readonly grants: Grants;
}

export interface PreparedNamespace extends Namespace {
  readonly overrides: OverrideSet;
}

/** What the verify and limit paths look up, remembered until it changes. */
export interface Lookups {
  findCaller(hash: string): MaybePromise<PreparedCaller | null>;
  findVerifiableKey(hash: string): MaybePromise<VerifiableKey | null>;
  findNamespace(workspaceId: string, idOrName: string): MaybePromise<PreparedNamespace | null>;
  readonly onCommit: ChangeListener;
  /** Whether what is remembered is used although the database cannot be reached. */
  isServingStale(): boolean;
  /** Of the keys that are remembered. */
  stats(): {
    readonly size: number;
    readonly maxSize: number;
    readonly hits: number;
    readonly misses: number;
  };
}

const maxCallers = 10_000;
const maxNamespaces = 50_000;
/** Absent keys have a small space of their own: guesses must not push real keys out. */
const maxAbsent = 20_000;

/** What was looked up is trusted for this long without hearing of changes; a process that hears trusts it longer. */
const trustedMs = 5000;

interface Source<Value> {
  readonly cache: TaggedCache<Value>;
  /** Where it is remembered that there is none; not at all when this is not given. */
  readonly absent?: TaggedCache<null>;
  find(key: string): Promise<Value | null>;
  tagsOf(value: Value, key: string): string[];
}

export interface LookupOptions {
  /** For how long what is remembered is used while the database cannot be reached. */
  readonly maxStalenessMs: number;
  /** How many keys are remembered at most. */
  readonly keyCacheSize: number;
}

export function createLookups(storage: Storage, { maxStalenessMs, keyCacheSize }: LookupOptions): Lookups {
  const callers = new TaggedCache<PreparedCaller>(maxCallers);
  const keys = new TaggedCache<VerifiableKey>(keyCacheSize);
  const namespaces = new TaggedCache<PreparedNamespace>(maxNamespaces);
  const absent = new TaggedCache<null>(maxAbsent);
  const caches = [callers, keys, namespaces, absent] as const;
  let commits = 0;

  /** Remembers what is found, unless something was committed meanwhile: it may be out of date already. */
  const ask = async <Value>(source: Source<Value>, key: string): Promise<Value | null> => {
    const [commitsBefore, at] = [commits, performance.now()];
    const value = await source.find(key);
    if (commits !== commitsBefore) return value;
    source.cache.delete(key);
    source.absent?.delete(key);
    if (value !== null) source.cache.set(key, { value, at }, source.tagsOf(value, key));
    else source.absent?.set(key, { value: null, at }, [key]);
    return value;
  };

  const remembering = <Value>(source: Source<Value>) => {
    const asked = new Map<string, { readonly commits: number; readonly answer: Promise<Value | null> }>();

    /** Asks once for all who want to know at the same time, as long as nothing is committed in between. */
    const askOnce = (key: string): Promise<Value | null> => {
      const same = asked.get(key);
      if (same?.commits === commits) return same.answer;
      const answer = ask(source, key).finally(() => {
        if (asked.get(key)?.answer === answer) asked.delete(key);
      });
      asked.set(key, { commits, answer });
      return answer;
    };

    const askUnlessGone = async (key: string, known: Remembered<Value | null>): Promise<Value | null> => {
      try {
        return await askOnce(key);
      } catch (error) {
        const isUsable = ageOf(known, storage.pollChanges().syncedUntil) <= maxStalenessMs;
        if (error instanceof StorageUnavailableError && isUsable) return known.value;
        throw error;
      }
    };

    return (key: string): MaybePromise<Value | null> => {
      const { syncedUntil, isReachable } = storage.pollChanges();
      const known = source.cache.get(key) ?? source.absent?.get(key);
      if (known === undefined) return askOnce(key);
      if (ageOf(known, syncedUntil) <= (isReachable ? trustedMs : maxStalenessMs)) return known.value;
      return askUnlessGone(key, known);
    };
  };

  const findNamespace = remembering({
    cache: namespaces,
    find: async (name) => {
      const end = name.indexOf('\n');
      const namespace = await storage.findNamespace(name.slice(0, end), name.slice(end + 1));
      return namespace && { ...namespace, overrides: prepareOverrides(namespace.overrides) };
    },
    tagsOf: ({ id }, name) => [id, name.slice(0, name.indexOf('\n'))],
  });

  return {
    findCaller: remembering({
      cache: callers,
      find: async (hash) => {
        const caller = await storage.findCaller(hash);
        return (
          caller && {
            ...caller,
            grants: prepareGrants(caller.rootKey.workspaceId, caller.rootKey.permissions),
          }
        );
      },
      tagsOf: ({ rootKey }) => [rootKey.id, rootKey.workspaceId],
    }),
    findVerifiableKey: remembering({
      cache: keys,
      absent,
      find: async (hash) => storage.findVerifiableKey(hash),
      tagsOf: ({ id, apiId, workspaceId, identity }) =>
        identity ? [id, apiId, workspaceId, identity.id] : [id, apiId, workspaceId],
    }),
    findNamespace: (workspaceId, idOrName) => findNamespace(`${workspaceId}\n${idOrName}`),
    onCommit: (tags) => {
      // Spends change nothing that is remembered.
      if (tags?.size === 0) return;
      commits++;
      for (const cache of caches) {
        if (tags === null) cache.clear();
        else for (const tag of tags) cache.drop(tag);
      }
    },
    isServingStale: () => {
      const { syncedUntil, isReachable } = storage.pollChanges();
      return !isReachable && performance.now() - syncedUntil <= maxStalenessMs;
    },
    stats: () => ({ size: keys.size, maxSize: keys.maxSize, hits: keys.hits, misses: keys.misses }),
  };
}

function ageOf({ at }: Remembered<unknown>, syncedUntil: number): number {
  // Always fresh: what is remembered does not age, and the clock need not be read.
  if (syncedUntil === Number.POSITIVE_INFINITY) return 0;
  return performance.now() - Math.max(at, syncedUntil);
}
