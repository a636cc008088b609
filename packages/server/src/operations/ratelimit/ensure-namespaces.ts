import type { MaybePromise } from '../../base/maybe-promise.ts';
import type { Scope } from '../../domain/permissions/grants.ts';
import type { PreparedNamespace } from '../../storage/lookups.ts';
import type { Commands } from '../../storage/port/commands.ts';
import type { Context } from '../context.ts';
import { type Refusal, refuse } from '../refusal.ts';

/** The namespace of a permission check. A namespace that does not exist yet has no id that a permission could name. */
export function scopeOf(namespace: PreparedNamespace | null): Scope {
  return namespace === null ? {} : { namespaceId: namespace.id };
}

export function refuseDeleted(name: string): Refusal {
  return refuse(
    'unkey/data/ratelimit_namespace_gone',
    `The namespace '${name}' has been deleted. Bring it back with \`unkey namespaces restore\`, or use another name.`,
  );
}

/** The namespaces with these names, each once, in order; null: never used. */
export function findNamespaces(
  { services, workspaceId }: Context,
  names: readonly string[],
): MaybePromise<FoundNamespaces> {
  const found = new Map<string, PreparedNamespace | null>();
  const awaited: Promise<void>[] = [];
  for (const name of names) {
    if (found.has(name)) continue;
    const namespace = services.lookups.findNamespace(workspaceId, name);
    // Keeps the position of a lookup that is still running.
    found.set(name, namespace instanceof Promise ? null : namespace);
    if (namespace instanceof Promise) awaited.push(namespace.then((late) => void found.set(name, late)));
  }
  return awaited.length === 0 ? found : Promise.all(awaited).then(() => found);
}

/** The namespaces by the name in the request; creates those that were never used. Deleted ones are refused. */
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
  // Only after all lookups: the order of the names must not decide which namespaces are created.
  return unlessDeleted(made);
}

function unlessDeleted(
  namespaces: ReadonlyMap<string, PreparedNamespace>,
): ReadonlyMap<string, PreparedNamespace> | Refusal {
  for (const [name, { deletedAt }] of namespaces) if (deletedAt !== null) return refuseDeleted(name);
  return namespaces;
}

/** Creations in flight, by where they run. */
const creations = new WeakMap<Commands, Map<string, Promise<void>>>();

/** Many concurrent calls may use a new namespace: those of one process share a transaction. */
function createOnce(context: Context, names: readonly string[]): Promise<void> {
  const { workspaceId, services, now, rootKey, userAgent } = context;
  const { commands } = services;
  const underWay = creations.get(commands) ?? new Map<string, Promise<void>>();
  creations.set(commands, underWay);
  const what = [workspaceId, ...names].join('\0');
  const order = {
    workspaceId,
    names,
    now,
    rootKey: { id: rootKey.id, name: rootKey.name },
    clientIp: context.clientIp(),
    userAgent,
  };
  const creation =
    underWay.get(what) ?? commands.createNamespaces(order).finally(() => underWay.delete(what));
  underWay.set(what, creation);
  return creation;
}
