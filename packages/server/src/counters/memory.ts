import { decide, type Window } from '../domain/ratelimit/window.ts';
import { BoundedMap, type Entry } from '../memory/bounded-map.ts';
import { defaultBounds } from './idempotency-shares.ts';
import { memoryIdempotency } from './memory-idempotency.ts';
import type { CounterMemoryStats, Counters } from './port.ts';

/** The window of a counter, changed in place: there may be a million. */
interface Counter extends Entry {
  readonly durationMs: number;
  readonly namespace: Group;
  sequence: Window['sequence'];
  current: Window['current'];
  previous: Window['previous'];
}

/** Counters of a namespace; `parent` has all counters of its workspace. */
interface Group {
  readonly name: string;
  readonly parent: Group | null;
  size: number;
}

/** Beyond this number, counters are evicted and count from zero again. */
const defaultMaxSize = 1_000_000;

const sweepIntervalMs = 1000;
/** Counters checked by one sweep: it takes well under a millisecond. */
const sweepSize = 2000;
/** Counters checked for each new one: expired counters are removed as fast as new ones are added. */
const sweepSizePerNew = 4;

export interface MemoryCounters extends Counters {
  size(): number;
  stats(): CounterMemoryStats;
  /** Removes some of the expired counters. Each sweep goes on where the last one ended. */
  sweep(now: number): void;
}

/**
 * Counters in the memory of this process. They start at zero with the process. When the memory is full, a counter of the
 * largest workspace is evicted, in it one of the largest namespace, and of those the one that matters least.
 */
export function memoryCounters(maxSize = defaultMaxSize, bounds = defaultBounds): MemoryCounters {
  const counters = new CounterMap(maxSize);
  const idempotency = memoryIdempotency(bounds);
  const counterOf = (name: string) => counters.get(name);
  let sweptAt = 0;

  const sweep = (now: number): void => {
    sweptAt = now;
    counters.removeExpired(sweepSize, now);
    idempotency.dropExpired(now);
  };

  return {
    consume(workspaceId, checks, now) {
      if (now - sweptAt > sweepIntervalMs) sweep(now);
      const decision = decide(checks, counterOf, now);
      let added = 0;
      for (const charged of decision.charged) {
        const { stored } = charged;
        if (stored === undefined) {
          added++;
          counters.add(workspaceId, charged, now);
        } else {
          stored.sequence = charged.sequence;
          stored.current = charged.current;
          stored.previous = charged.previous;
        }
      }
      // Not earlier: the sweep could remove a counter that this call changes.
      if (added > 0) counters.removeExpired(added * sweepSizePerNew, now);
      return decision;
    },
    claim: idempotency.claim,
    complete: idempotency.complete,
    release: idempotency.release,
    size: () => counters.size,
    stats: () => ({ size: counters.size, maxSize, evicted: counters.evicted, ...idempotency.stats() }),
    sweep,
    async close() {
      counters.clear();
      idempotency.clear();
    },
  };
}

interface NewCounter extends Window {
  readonly counter: string;
  readonly durationMs: number;
}

/** Counters by name, with the sizes of their groups. */
class CounterMap {
  readonly #counters: BoundedMap<Counter>;
  readonly #groups = new Groups();
  /** Counters that were evicted although they still counted. */
  evicted = 0;
  #now = 0;

  constructor(maxSize: number) {
    this.#counters = new BoundedMap(maxSize, (one, other) => isLessValuable(one, other, this.#now));
  }

  get size(): number {
    return this.#counters.size;
  }

  get(name: string): Counter | undefined {
    return this.#counters.get(name);
  }

  add(
    workspaceId: string,
    { counter, durationMs, sequence, current, previous }: NewCounter,
    now: number,
  ): void {
    this.#now = now;
    const namespace = this.#groups.join(workspaceId, counter);
    const state = { durationMs, namespace, sequence, current, previous };
    const victim = this.#counters.add({ key: counter, ...state, slot: 0, isReferenced: false });
    if (victim === undefined) return;
    this.#groups.leave(victim.namespace);
    if (expiryOf(victim) > now) this.evicted++;
  }

  removeExpired(count: number, now: number): void {
    this.#counters.sweep(count, (counter) => {
      const isExpired = expiryOf(counter) <= now;
      if (isExpired) this.#groups.leave(counter.namespace);
      return isExpired;
    });
  }

  clear(): void {
    this.#counters.clear();
    this.#groups.clear();
  }
}

/** When the counter does not count any more. */
function expiryOf({ sequence, durationMs }: Counter): number {
  return (sequence + 2) * durationMs;
}

/** Which of two counters is evicted first: that of the larger group, then that with less to forget. */
function isLessValuable(one: Counter, other: Counter, now: number): boolean {
  const byWorkspace = sizeOf(one.namespace.parent) - sizeOf(other.namespace.parent);
  if (byWorkspace !== 0) return byWorkspace > 0;
  const byNamespace = one.namespace.size - other.namespace.size;
  if (byNamespace !== 0) return byNamespace > 0;
  return weightOf(one, now) < weightOf(other, now);
}

function sizeOf(group: Group | null): number {
  return group?.size ?? 0;
}

/** What would be forgotten, times how long it would have counted. */
function weightOf(counter: Counter, now: number): number {
  return (counter.current + counter.previous) * Math.max(0, expiryOf(counter) - now);
}

/** How many counters the workspaces and their namespaces have. */
class Groups {
  readonly #workspaces = new Map<string, Group>();
  readonly #namespaces = new Map<string, Group>();

  join(workspaceId: string, counter: string): Group {
    const workspace = groupIn(this.#workspaces, workspaceId, null);
    const namespace = groupIn(this.#namespaces, `${workspaceId}\0${namespaceOf(counter)}`, workspace);
    workspace.size++;
    namespace.size++;
    return namespace;
  }

  leave(namespace: Group): void {
    namespace.size--;
    if (namespace.size === 0) this.#namespaces.delete(namespace.name);
    const { parent } = namespace;
    if (parent === null) return;
    parent.size--;
    if (parent.size === 0) this.#workspaces.delete(parent.name);
  }

  clear(): void {
    this.#workspaces.clear();
    this.#namespaces.clear();
  }
}

function groupIn(groups: Map<string, Group>, name: string, parent: Group | null): Group {
  let group = groups.get(name);
  if (group === undefined) {
    group = { name, parent, size: 0 };
    groups.set(name, group);
  }
  return group;
}

/** The kind of a counter, its workspace and, for counters of a namespace, the namespace. */
function namespaceOf(counter: string): string {
  if (!counter.startsWith('namespace\0')) return '';
  const end = counter.indexOf('\0', counter.indexOf('\0', 'namespace\0'.length) + 1);
  return end < 0 ? '' : counter.slice(0, end);
}
