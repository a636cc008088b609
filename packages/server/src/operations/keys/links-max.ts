import { itemsMax } from '@unkey-ts/contract';
import { type Refusal, refuseInput } from '../refusal.ts';

const remedies = {
  permissions: 'remove some with `keys.removePermissions`, or give the key a role that has them',
  roles: 'remove some with `keys.removeRoles`',
} as const;

/** 400 if a key would have more permissions or roles than every verification can read. */
export function refuseBeyondMax(linked: keyof typeof remedies, count: number): Refusal | null {
  if (count <= itemsMax) return null;
  const rule = `a key must have at most ${itemsMax} ${linked} (would have ${count})`;
  return refuseInput(`body.${linked}`, `must not be added: ${rule}; ${remedies[linked]}`);
}
