/** Sets the credits to `amount` at 00:00 UTC, daily (`day` null) or on that day of the month. */
export interface Refill {
  readonly amount: number;
  readonly day: number | null;
}

/** `remaining` null is unlimited. `lastRefillAt` is when the refill was set or last applied, in Unix milliseconds. */
export interface Credits {
  readonly remaining: number | null;
  readonly refill: Refill | null;
  readonly lastRefillAt: number | null;
}

/** The credits as they are at `now`; the same object when nothing is due. */
export function refilled(credits: Credits, now: number): Credits {
  const { remaining, refill, lastRefillAt } = credits;
  if (remaining === null || refill === null || lastRefillAt === null) return credits;
  if (latestRefillMoment(refill, now) <= lastRefillAt) return credits;
  // Marked as applied even if it adds nothing: credits spent later today return at the next refill, not before.
  return { ...credits, remaining: Math.max(remaining, refill.amount), lastRefillAt: now };
}

/** The latest time up to and including `now` at which this refill applies. A month without that day uses its last day. */
export function latestRefillMoment(refill: Refill, now: number): number {
  if (refill.day === null) return Math.floor(now / dayMs) * dayMs;
  const today = new Date(now);
  const year = today.getUTCFullYear();
  const month = today.getUTCMonth();
  const thisMonth = momentInMonth({ year, month, day: refill.day });
  return thisMonth <= now ? thisMonth : momentInMonth({ year, month: month - 1, day: refill.day });
}

/** The first time after `after` at which this refill applies. */
export function nextRefillMoment(refill: Refill, after: number): number {
  if (refill.day === null) return (Math.floor(after / dayMs) + 1) * dayMs;
  const today = new Date(after);
  const year = today.getUTCFullYear();
  const month = today.getUTCMonth();
  const thisMonth = momentInMonth({ year, month, day: refill.day });
  return thisMonth > after ? thisMonth : momentInMonth({ year, month: month + 1, day: refill.day });
}

const dayMs = 86_400_000;

function momentInMonth({ year, month, day }: { year: number; month: number; day: number }): number {
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(day, lastDay));
}
