import type { Access, AccessCheck } from '@unkey-ts/contract';
import {
  describeMissing,
  findMissing,
  type Grants,
  type Scope,
  satisfies,
} from '../domain/permissions/grants.ts';
import { type Located, masked } from '../operations/handler.ts';
import { type Refusal, refuse, refuseAbsent } from '../operations/refusal.ts';

const noScope: Scope = {};

/** Null: permitted. */
export function authorise(access: Access, grants: Grants, located: Located): Refusal | typeof masked | null {
  if (access === 'public') return null;
  for (const check of access) {
    if (check.when !== undefined && !located.conditions?.includes(check.when)) continue;
    for (const scope of scopesOf(located)) {
      if (!satisfies(check.requires, grants, scope)) return denial(check, grants, scope);
    }
  }
  return null;
}

function scopesOf({ scope }: Located): readonly Scope[] {
  if (scope === undefined) return [noScope];
  // `Array.isArray` does not tell a readonly array from the rest.
  return Array.isArray(scope) ? scope : [scope as Scope];
}

function denial({ requires, maskAs }: AccessCheck, grants: Grants, scope: Scope): Refusal | typeof masked {
  if (maskAs === 'result') return masked;
  if (maskAs !== undefined) return refuseAbsent(maskAs);
  const missing = findMissing(requires, grants, scope);
  return refuse('unkey/authorization/insufficient_permissions', describeMissing(missing, scope));
}
