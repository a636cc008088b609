import type { MaybePromise } from '../base/maybe-promise.ts';
import { type Grants, prepareGrants } from '../domain/permissions/grants.ts';
import { type OverrideSet, prepareOverrides } from '../domain/ratelimit/overrides.ts';
import type { VerifiableKey } from '../domain/verification/verifiable-key.ts';
import { type ChangeListener, keysOfWorkspace } from './changes.ts';
import type { Namespace } from './port/records.ts';
import { type Caller, type HotStorage, StorageUnavailableError } from './port/storage.ts';
import { type CacheEntry, TaggedCache } from './tagged-cache.ts';

/** A caller with its permissions prepared for checks. */
export interface PreparedCaller extends Caller {
  readonly grants: Grants;
}

export interface PreparedNamespace extends Namespace {
  readonly overrides: OverrideSet;
}

/** The lookups of the verify and limit paths, cached until a commit changes what they found. */
export interface Lookups {
  findCaller(hash: string): MaybePromise<PreparedCaller | null>;
  findVerifiableKey(workspaceId: string, hash: string): MaybePromise<VerifiableKey | null>;
  findNamespace(workspaceId: string, idOrName: string): MaybePromise<PreparedNamespace | null>;
  readonly onCommit: ChangeListener;
  /** Whether stale entries are being served because the database is down. */
  isServingStale(): boolean;
  /** Of the cache of keys. */
  stats(): {
    readonly size: number;
    readonly maxSize: number;
    readonly hits: number;
    readonly misses: number;
  };
}

const maxCallers = 10_000;
const maxNamespaces = 50_000;
/** Absent keys have a small cache of their own: guesses must not evict real keys. */
const maxAbsent = 20_000;

/** Keys whose hash another workspace has, too. */
const maxContested = 50_000;

/** Without notifications of changes an entry is trusted for this long. */
const trustedMs = 5000;

interface Source<Value> {
  readonly cache: TaggedCache<Value>;
  /** Caches that there is no value. Default: absence is not cached. */
  readonly absent?: TaggedCache<null>;
  find(key: string): Promise<Value | null>;
  tagsOf(value: Value): string[];
  /** The tag of a change after which there may be a value. Default: the key. */
  tagOfAbsence?(key: string): string;
}

export interface LookupOptions {
  /** How long stale entries are served while the database cannot be reached. */
  readonly maxStalenessMs: number;
  /** Capacity of the cache of keys. */
  readonly keyCacheSize: number;
}

export function createLookups(storage: HotStorage, options: LookupOptions): Lookups {
  const callers = new TaggedCache<PreparedCaller>(maxCallers);
  const keys = new TaggedCache<VerifiableKey>(options.keyCacheSize);
  const namespaces = new TaggedCache<PreparedNamespace>(maxNamespaces);
  const commits = { count: 0 };
  const cached = <Value>(source: Source<Value>) =>
    cachedLookup(source, { storage, commits, maxStalenessMs: options.maxStalenessMs });

  const findNamespace = cached({
    cache: namespaces,
    find: (name) => findPreparedNamespace(storage, name),
    tagsOf: ({ id }) => [id],
  });

  const keyLookup = lookupOfKeys(storage, { keys, cached });
  const caches = [callers, namespaces, ...keyLookup.caches];

  return {
    findCaller: cached({
      cache: callers,
      find: (hash) => findPreparedCaller(storage, hash),
      tagsOf: ({ rootKey }) => [rootKey.id, rootKey.workspaceId],
    }),
    findVerifiableKey: keyLookup.find,
    findNamespace: (workspaceId, idOrName) => findNamespace(`${workspaceId}\n${idOrName}`),
    onCommit: (tags) => {
      // Spends change no cached value.
      if (tags?.size === 0) return;
      commits.count++;
      for (const cache of caches) {
        if (tags === null) cache.clear();
        else for (const tag of tags) cache.drop(tag);
      }
    },
    isServingStale: () => {
      const { syncedUntil, isReachable } = storage.pollChanges();
      return !isReachable && performance.now() - syncedUntil <= options.maxStalenessMs;
    },
    stats: () => ({ size: keys.size, maxSize: keys.maxSize, hits: keys.hits, misses: keys.misses }),
  };
}

/**
 * Keys by workspace and hash. Nearly always one workspace has the hash, so `keys` is by hash alone: a longer text to look
 * for would make every verification dearer. If it has the key of another workspace, a second cache has the caller's.
 */
function lookupOfKeys(
  storage: Pick<HotStorage, 'findVerifiableKey'>,
  { keys, cached }: { readonly keys: TaggedCache<VerifiableKey>; readonly cached: Cached },
) {
  const absent = new TaggedCache<null>(maxAbsent);
  const contested = new TaggedCache<VerifiableKey>(maxContested);
  const absentContested = new TaggedCache<null>(maxAbsent);
  const findOfAny = cached({
    cache: keys,
    absent,
    find: async (hash) => storage.findVerifiableKey(hash),
    tagsOf: tagsOfKey,
  });
  const findContested = cached({
    cache: contested,
    absent: absentContested,
    find: async (name) => storage.findVerifiableKey(hashIn(name), name.slice(hashIn(name).length + 1)),
    tagsOf: tagsOfKey,
    tagOfAbsence: hashIn,
  });
  const own = (key: VerifiableKey | null, workspaceId: string, hash: string) =>
    key === null || key.workspaceId === workspaceId ? key : findContested(`${hash}\n${workspaceId}`);

  return {
    find(workspaceId: string, hash: string): MaybePromise<VerifiableKey | null> {
      const found = findOfAny(hash);
      // Without a function when it is cached.
      if (!(found instanceof Promise)) return own(found, workspaceId, hash);
      return found.then((key) => own(key, workspaceId, hash));
    },
    caches: [keys, absent, contested, absentContested],
  };
}

function tagsOfKey({ id, apiId, workspaceId, identity }: VerifiableKey): string[] {
  return identity
    ? [id, apiId, keysOfWorkspace(workspaceId), identity.id]
    : [id, apiId, keysOfWorkspace(workspaceId)];
}

/** Of a name that is a hash and the id of a workspace, on a line each. */
function hashIn(name: string): string {
  return name.slice(0, name.indexOf('\n'));
}

type Cached = <Value>(source: Source<Value>) => (key: string) => MaybePromise<Value | null>;

interface LookupState {
  readonly storage: Pick<HotStorage, 'pollChanges'>;
  /** Of commits that changed something. */
  readonly commits: { readonly count: number };
  readonly maxStalenessMs: number;
}

/** Looks a value up in the cache first, then in the source. */
function cachedLookup<Value>(
  source: Source<Value>,
  { storage, commits, maxStalenessMs }: LookupState,
): (key: string) => MaybePromise<Value | null> {
  const inFlight = new Map<string, { readonly commits: number; readonly result: Promise<Value | null> }>();

  /** Caches the result, unless a commit came meanwhile: the result may be stale already. */
  const read = async (key: string): Promise<Value | null> => {
    const [commitsBefore, at] = [commits.count, performance.now()];
    const value = await source.find(key);
    if (commits.count !== commitsBefore) return value;
    source.cache.delete(key);
    source.absent?.delete(key);
    if (value !== null) source.cache.set(key, { value, at }, source.tagsOf(value));
    else source.absent?.set(key, { value: null, at }, [source.tagOfAbsence?.(key) ?? key]);
    return value;
  };

  /** Coalesces concurrent reads of a key that have no commit between them. */
  const readOnce = (key: string): Promise<Value | null> => {
    const same = inFlight.get(key);
    if (same?.commits === commits.count) return same.result;
    const result = read(key).finally(() => {
      if (inFlight.get(key)?.result === result) inFlight.delete(key);
    });
    inFlight.set(key, { commits: commits.count, result });
    return result;
  };

  const readOrServeStale = async (key: string, entry: CacheEntry<Value | null>): Promise<Value | null> => {
    try {
      return await readOnce(key);
    } catch (error) {
      const isUsable = ageOf(entry, storage.pollChanges().syncedUntil) <= maxStalenessMs;
      if (error instanceof StorageUnavailableError && isUsable) return entry.value;
      throw error;
    }
  };

  return (key) => {
    const { syncedUntil, isReachable } = storage.pollChanges();
    const entry = source.cache.get(key) ?? source.absent?.get(key);
    if (entry === undefined) return readOnce(key);
    if (ageOf(entry, syncedUntil) <= (isReachable ? trustedMs : maxStalenessMs)) return entry.value;
    return readOrServeStale(key, entry);
  };
}

async function findPreparedCaller(storage: HotStorage, hash: string): Promise<PreparedCaller | null> {
  const caller = await storage.findCaller(hash);
  if (caller === null) return null;
  return { ...caller, grants: prepareGrants(caller.rootKey.workspaceId, caller.rootKey.permissions) };
}

/** `name` is the workspace's id and the namespace's id or name, on a line each. */
async function findPreparedNamespace(storage: HotStorage, name: string): Promise<PreparedNamespace | null> {
  const end = name.indexOf('\n');
  const namespace = await storage.findNamespace(name.slice(0, end), name.slice(end + 1));
  return namespace && { ...namespace, overrides: prepareOverrides(namespace.overrides) };
}

function ageOf({ at }: CacheEntry<unknown>, syncedUntil: number): number {
  // An infinite value means always fresh: entries do not age, and the clock need not be read.
  if (syncedUntil === Number.POSITIVE_INFINITY) return 0;
  return performance.now() - Math.max(at, syncedUntil);
}
