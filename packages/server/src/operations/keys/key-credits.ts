import type { InputOf } from '@unkey-ts/contract';
import { type Credits, type Refill, refilled } from '../../domain/keys/refill.ts';
import { type Refusal, refuseInput } from '../refusal.ts';

type NewCredits = NonNullable<InputOf<'keys.createKey'>['credits']>;
type CreditsUpdate = InputOf<'keys.updateKey'>['credits'];
type RefillInput = NonNullable<NewCredits['refill']>;

export const unlimited: Credits = { remaining: null, refill: null, lastRefillAt: null };

/** Credits of a new key. A refill needs credits to fill; it happens first at the moment after `now`. */
export function newCredits(
  input: NewCredits | undefined,
  { now, location }: { now: number; location: string },
): Credits | Refusal {
  if (input === undefined) return unlimited;
  if (input.refill === undefined) return { ...unlimited, remaining: input.remaining };
  if (input.remaining === null) {
    return refuseInput(`${location}.remaining`, 'must be a number when `credits.refill` is set');
  }
  const missingDay = refuseMissingDay(input.refill, location);
  return missingDay ?? { remaining: input.remaining, refill: refillOf(input.refill), lastRefillAt: now };
}

/** Credits after an update: what it leaves out stays, null takes away. */
export function updatedCredits(stored: Credits, input: CreditsUpdate, now: number): Credits | Refusal {
  const current = refilled(stored, now);
  if (input === undefined) return current;
  if (input === null) return unlimited;
  const remaining = input.remaining === undefined ? current.remaining : input.remaining;
  if (input.refill === null) return { remaining, refill: null, lastRefillAt: null };
  if (input.refill === undefined)
    return input.remaining === null ? unlimited : withRemaining(current, remaining, now);
  const refusal = refuseMissingDay(input.refill, 'body.credits') ?? refuseNeedlessDay(input.refill);
  return refusal ?? { remaining, refill: refillOf(input.refill), lastRefillAt: now };
}

/** Another number of credits; the refill stays. It never makes up for moments at which the key was unlimited. */
export function withRemaining(credits: Credits, remaining: number | null, now: number): Credits {
  const wasUnlimited = credits.remaining === null;
  const lastRefillAt = wasUnlimited && credits.refill !== null ? now : credits.lastRefillAt;
  return { ...credits, remaining, lastRefillAt };
}

function refillOf({ interval, amount, refillDay }: RefillInput): Refill {
  return { amount, day: interval === 'monthly' ? (refillDay ?? null) : null };
}

function refuseMissingDay({ interval, refillDay }: RefillInput, location: string): Refusal | null {
  if (interval !== 'monthly' || refillDay !== undefined) return null;
  return refuseInput(`${location}.refill.refillDay`, 'must be given when the interval is `monthly`');
}

function refuseNeedlessDay({ interval, refillDay }: RefillInput): Refusal | null {
  if (interval !== 'daily' || refillDay === undefined) return null;
  return refuseInput('body.credits.refill.refillDay', 'must not be given when the interval is `daily`');
}
