import type { Ratelimit } from '../storage/port/records.ts';

/** A limit as requests have it. */
export interface WantedRatelimit {
  readonly name: string;
  readonly limit: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly autoApply: boolean;
}

/**
 * The limits that an owner shall have: exactly the wanted ones. One whose name is stored keeps its id; of several
 * wanted with one name the last has its values, in the place of the first.
 */
export function mergeRatelimits(
  stored: readonly Ratelimit[],
  wanted: readonly WantedRatelimit[],
  newId: () => string,
): Ratelimit[] {
  const storedIds = new Map(stored.map(({ name, id }) => [name, id]));
  const lastByName = new Map(wanted.map((ratelimit) => [ratelimit.name, ratelimit]));
  return [...lastByName.values()].map(({ name, limit, duration, autoApply }) => ({
    id: storedIds.get(name) ?? newId(),
    name,
    limit,
    durationMs: duration,
    isAutoApplied: autoApply,
  }));
}
