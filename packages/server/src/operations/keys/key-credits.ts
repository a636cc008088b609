import type { InputOf } from '@unkey-ts/contract';
import { type Credits, type Refill, refilled } from '../../domain/keys/refill.ts';
import { type Refusal, refuseInput } from '../refusal.ts';

type NewCredits = NonNullable<InputOf<'keys.createKey'>['credits']>;
type CreditsUpdate = InputOf<'keys.updateKey'>['credits'];
type RefillInput = NonNullable<NewCredits['refill']>;

export const unlimited: Credits = { remaining: null, refill: null, lastRefillAt: null };

/** Credits of a new key. A refill requires limited credits; it applies first at its next time after `now`. */
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

/** Credits after an update: omitted members stay, null removes. */
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

/** Changes the number of credits; the refill stays. Refill times during which the key was unlimited are not made up for. */
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
