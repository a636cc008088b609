import type { Ratelimit } from '../storage/port/records.ts';

/** A limit in a request. */
export interface WantedRatelimit {
  readonly name: string;
  readonly limit: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly autoApply: boolean;
}

/**
 * Merges wanted limits into the stored ones: the result contains exactly the wanted limits. A limit with a stored name
 * keeps its id. Of several wanted limits with one name the last one sets the values, at the position of the first.
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
