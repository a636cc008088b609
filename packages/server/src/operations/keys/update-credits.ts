import { operations } from '@unkey-ts/contract';
import { type Credits, refilled } from '../../domain/keys/refill.ts';
import { handlerOf } from '../handler.ts';
import { presentCredits } from '../present.ts';
import { Refusal, refuse, refuseInput } from '../refusal.ts';
import { unlimited, withRemaining } from './key-credits.ts';
import { locateKey } from './locate-key.ts';

type Change = { operation: 'set' | 'increment' | 'decrement'; value?: number | null };

export const updateCredits = handlerOf(operations['keys.updateCredits'], {
  locate: locateKey,
  async act({ store, workspaceId, now, audit }, input, { key }) {
    const credits = changedCredits(refilled(key.credits, now), input, now);
    if (credits instanceof Refusal) return credits;
    await store.keys.update(workspaceId, key.id, { credits });
    audit('key.update', {
      display: `Set the credits of key ${key.id} to ${credits.remaining ?? 'unlimited'}`,
      resources: [
        { type: 'keySpace', id: key.keyspaceId },
        { type: 'key', id: key.id },
      ],
    });
    return { data: presentCredits(credits) };
  },
});

function changedCredits(
  current: Credits,
  { operation, value = null }: Change,
  now: number,
): Credits | Refusal {
  if (operation === 'set') return value === null ? unlimited : withRemaining(current, value, now);
  if (value === null) return refuseInput('body.value', `must be a number for the operation \`${operation}\``);
  if (current.remaining === null) {
    return refuse(
      'unkey/application/invalid_input',
      `The key has unlimited credits: there is nothing to ${operation}. Use \`set\` to limit it.`,
    );
  }
  if (operation === 'decrement') return withRemaining(current, Math.max(0, current.remaining - value), now);
  const sum = current.remaining + value;
  return Number.isSafeInteger(sum)
    ? withRemaining(current, sum, now)
    : refuseInput('body.value', `would raise the credits above ${Number.MAX_SAFE_INTEGER}`);
}
