import type { Refill, State } from './state.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** Moves the clock, and at every midnight on the way applies the refills that are due. */
export function moveTo(state: State, to: number): void {
  for (let midnight = nextMidnight(state.latest); midnight <= to; midnight += dayMs)
    refillAt(state, midnight);
  state.now = to;
  state.latest = Math.max(state.latest, to);
}

function nextMidnight(after: number): number {
  const day = new Date(after);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() + 1);
}

function refillAt(state: State, midnight: number): void {
  for (const key of state.keys) {
    if (key.remaining === null || key.refill === null || !isRefillDay(key.refill, midnight)) continue;
    if (key.remaining >= key.refill.amount) continue;
    key.remaining = key.refill.amount;
    key.updatedAt = '@any';
  }
}

function isRefillDay(refill: Refill, midnight: number): boolean {
  if (refill.refillDay === undefined) return true;
  const today = new Date(midnight).getUTCDate();
  const isLastDay = new Date(midnight + dayMs).getUTCDate() === 1;
  return today === refill.refillDay || (isLastDay && refill.refillDay > today);
}

/** Whether the clock may go back to `to`: not across midnight, nor across a time at which a window is dropped. */
export function mayStepBack(state: State, to: number): boolean {
  const isSameDay = Math.floor(to / dayMs) === Math.floor(state.latest / dayMs);
  const isDropped = ({ sequence, duration }: State['charges'][number]) =>
    (sequence + 2) * duration > to && (sequence + 2) * duration <= state.latest;
  return isSameDay && !state.charges.some(isDropped);
}
