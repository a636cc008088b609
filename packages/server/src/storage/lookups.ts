import { type Grants, prepareGrants } from '../domain/permissions/grants.ts';
import { type OverrideSet, prepareOverrides } from '../domain/ratelimit/overrides.ts';
import type { VerifiableKey } from '../domain/verification/verifiable-key.ts';
import type { ChangeListener } from './changes.ts';
import type { Namespace } from './port/records.ts';
import type { Caller, MaybePromise, Storage } from './port/storage.ts';
import { TaggedCache } from './tagged-cache.ts';

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
  stats(): { readonly size: number; readonly hits: number; readonly misses: number };
}

const maxCallers = 10_000;
const maxKeys = 200_000;
const maxNamespaces = 50_000;
/** Absent keys have a small space of their own: guesses must not push real keys out. */
const maxAbsent = 20_000;

export function createLookups(storage: Storage): Lookups {
  const callers = new TaggedCache<PreparedCaller>(maxCallers);
  const keys = new TaggedCache<VerifiableKey>(maxKeys);
  const namespaces = new TaggedCache<PreparedNamespace>(maxNamespaces);
  const absent = new TaggedCache<true>(maxAbsent);
  const caches = [callers, keys, namespaces, absent] as const;
  let commits = 0;

  /** Remembers what `find` answers, unless something was committed meanwhile: it may be out of date already. */
  const fetchInto = async <Value>(
    cache: TaggedCache<Value>,
    key: string,
    source: { find: () => Promise<Value | null>; tagsOf: (value: Value) => string[] },
  ): Promise<Value | null> => {
    const commitsBefore = commits;
    const value = await source.find();
    if (value !== null && commits === commitsBefore) cache.set(key, value, source.tagsOf(value));
    return value;
  };

  return {
    findCaller: (hash) => {
      storage.catchUp();
      return (
        callers.get(hash) ??
        fetchInto(callers, hash, {
          find: async () => {
            const caller = await storage.findCaller(hash);
            return (
              caller && {
                ...caller,
                grants: prepareGrants(caller.rootKey.workspaceId, caller.rootKey.permissions),
              }
            );
          },
          tagsOf: ({ rootKey }) => [rootKey.id, rootKey.workspaceId],
        })
      );
    },
    findVerifiableKey: (hash) => {
      storage.catchUp();
      const known = keys.get(hash);
      if (known !== undefined) return known;
      if (absent.get(hash)) return null;
      const commitsBefore = commits;
      return fetchInto(keys, hash, {
        find: async () => {
          const key = await storage.findVerifiableKey(hash);
          if (key === null && commits === commitsBefore) absent.set(hash, true, [hash]);
          return key;
        },
        tagsOf: ({ id, apiId, workspaceId, identity }) =>
          identity ? [id, apiId, workspaceId, identity.id] : [id, apiId, workspaceId],
      });
    },
    findNamespace: (workspaceId, idOrName) => {
      storage.catchUp();
      const name = `${workspaceId}\n${idOrName}`;
      return (
        namespaces.get(name) ??
        fetchInto(namespaces, name, {
          find: async () => {
            const namespace = await storage.findNamespace(workspaceId, idOrName);
            return namespace && { ...namespace, overrides: prepareOverrides(namespace.overrides) };
          },
          tagsOf: ({ id }) => [id, workspaceId],
        })
      );
    },
    onCommit: (tags) => {
      // Spends change nothing that is remembered.
      if (tags?.size === 0) return;
      commits++;
      for (const cache of caches) {
        if (tags === null) cache.clear();
        else for (const tag of tags) cache.drop(tag);
      }
    },
    stats: () => ({ size: keys.size, hits: keys.hits, misses: keys.misses }),
  };
}
