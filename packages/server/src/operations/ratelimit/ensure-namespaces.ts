import type { MaybePromise } from '../../base/maybe-promise.ts';
import type { Scope } from '../../domain/permissions/grants.ts';
import type { PreparedNamespace } from '../../storage/lookups.ts';
import type { Storage } from '../../storage/port/storage.ts';
import type { Context } from '../context.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { transact } from '../transaction.ts';

/** The namespace that a permission is about. One that is yet to be made has no id that a permission could name. */
export function scopeOf(namespace: PreparedNamespace | null): Scope {
  return namespace === null ? {} : { namespaceId: namespace.id };
}

export function refuseDeleted(name: string): Refusal {
  return refuse(
    'unkey/data/ratelimit_namespace_gone',
    `The namespace '${name}' has been deleted. Bring it back with \`unkey namespaces restore\`, or use another name.`,
  );
}

/** The namespaces of these names, each once, in their order; null: it was never used. */
export function findNamespaces(
  { services, workspaceId }: Context,
  names: readonly string[],
): MaybePromise<FoundNamespaces> {
  const found = new Map<string, PreparedNamespace | null>();
  const awaited: Promise<void>[] = [];
  for (const name of names) {
    if (found.has(name)) continue;
    const namespace = services.lookups.findNamespace(workspaceId, name);
    // One that is waited for has its place meanwhile.
    found.set(name, namespace instanceof Promise ? null : namespace);
    if (namespace instanceof Promise) awaited.push(namespace.then((late) => void found.set(name, late)));
  }
  return awaited.length === 0 ? found : Promise.all(awaited).then(() => found);
}

/** The namespaces by the name they were asked for; those that were never used are made. Deleted ones are refused. */
export function ensureNamespaces(
  context: Context,
  found: FoundNamespaces,
): MaybePromise<ReadonlyMap<string, PreparedNamespace> | Refusal> {
  return isComplete(found) ? unlessDeleted(found) : makeMissing(context, found);
}

type FoundNamespaces = ReadonlyMap<string, PreparedNamespace | null>;

function isComplete(found: FoundNamespaces): found is ReadonlyMap<string, PreparedNamespace> {
  for (const namespace of found.values()) if (namespace === null) return false;
  return true;
}

async function makeMissing(
  context: Context,
  found: FoundNamespaces,
): Promise<ReadonlyMap<string, PreparedNamespace> | Refusal> {
  const missing = [...found].filter(([, namespace]) => namespace === null).map(([name]) => name);
  await createOnce(context, missing);
  const made = await findNamespaces(context, [...found.keys()]);
  if (!isComplete(made)) throw new Error('A namespace that was just made is not found.');
  // Only now: the order of the names must not decide which of them come into being.
  return unlessDeleted(made);
}

function unlessDeleted(
  namespaces: ReadonlyMap<string, PreparedNamespace>,
): ReadonlyMap<string, PreparedNamespace> | Refusal {
  for (const [name, { deletedAt }] of namespaces) if (deletedAt !== null) return refuseDeleted(name);
  return namespaces;
}

/** What is being made at the moment, by where it is stored. */
const creations = new WeakMap<Storage, Map<string, Promise<unknown>>>();

/** A new namespace is asked for by many calls at once: those of this process share one transaction. */
function createOnce(context: Context, names: readonly string[]): Promise<unknown> {
  const { workspaceId, services } = context;
  const underWay = creations.get(services.storage) ?? new Map<string, Promise<unknown>>();
  creations.set(services.storage, underWay);
  const what = [workspaceId, ...names].join('\0');
  const creation =
    underWay.get(what) ?? createNamespaces(context, names).finally(() => underWay.delete(what));
  underWay.set(what, creation);
  return creation;
}

/** Concurrent first calls make one namespace: the look-up inside the transaction decides. */
async function createNamespaces(context: Context, names: readonly string[]): Promise<void> {
  await transact(context, async ({ store, workspaceId, services, now, audit }) => {
    for (const name of names) {
      if ((await store.namespaces.find(workspaceId, name)) !== null) continue;
      const id = services.ids.id('rlns');
      await store.namespaces.create(workspaceId, { id, name, createdAt: now });
      audit('ratelimitNamespace.create', {
        display: `Created namespace ${name} (${id})`,
        resources: [{ type: 'ratelimitNamespace', id, name }],
      });
    }
  });
}
