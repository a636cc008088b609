import { type Credits, refilled } from '../domain/keys/refill.ts';
import type { Identity, Key, Meta, Page, Permission, Ratelimit, Role } from '../storage/port/records.ts';
import type { ReadContext } from './context.ts';
import { presentSettings } from './keys/key-settings.ts';

/** Records as responses show them, without absent and empty members. */

type Present<Members> = { [Name in keyof Members]?: NonNullable<Members[Name]> };

/** The members that have a value. */
export function withoutAbsent<Members extends object>(members: Members): Present<Members> {
  const entries = Object.entries(members).filter(([, value]) => value !== null && value !== undefined);
  // The filter removes the same values as `NonNullable` does from the types.
  return Object.fromEntries(entries) as Present<Members>;
}

function presentRatelimit({ id, name, limit, durationMs, isAutoApplied }: Ratelimit) {
  return { id, name, limit, duration: durationMs, autoApply: isAutoApplied };
}

export function presentPermission({ id, name, slug, description }: Permission) {
  return { id, name, slug, ...withoutAbsent({ description: description || null }) };
}

export function presentRole({ id, name, description, permissions }: Role) {
  return {
    id,
    name,
    ...withoutAbsent({
      description: description || null,
      permissions: nonEmpty(permissions.map(presentPermission)),
    }),
  };
}

export function presentIdentity({ id, externalId, meta, ratelimits }: Identity) {
  return {
    id,
    externalId,
    ...withoutAbsent({ meta: nonEmptyMeta(meta), ratelimits: nonEmpty(ratelimits.map(presentRatelimit)) }),
  };
}

export function presentCredits({ remaining, refill }: Credits) {
  return {
    remaining,
    ...(remaining !== null &&
      refill !== null && {
        refill: {
          interval: refill.day === null ? ('daily' as const) : ('monthly' as const),
          amount: refill.amount,
          ...withoutAbsent({ refillDay: refill.day }),
        },
      }),
  };
}

/** A key for getKey, whoami and listKeys. */
export function presentKey({ services, now }: ReadContext, key: Key) {
  const credits = refilled(key.credits, now);
  return {
    keyId: key.id,
    start: key.start,
    createdAt: key.createdAt,
    ...presentSettings(key),
    ...withoutAbsent({
      updatedAt: key.updatedAt || null,
      lastUsedAt: services.lastUsed.latest(key.id, key.lastUsedAt) || null,
      permissions: nonEmpty(effectivePermissions(key)),
      roles: nonEmpty(key.roles.map(({ name }) => name)),
      credits: credits.remaining === null ? null : presentCredits(credits),
      identity: key.identity && presentIdentity(key.identity),
      ratelimits: nonEmpty(key.ratelimits.map(presentRatelimit)),
    }),
  };
}

export function presentPage({ nextCursor }: Page<unknown>) {
  return { hasMore: nextCursor !== null, ...withoutAbsent({ cursor: nextCursor }) };
}

/** Slugs held directly and through roles: distinct, sorted. */
function effectivePermissions(key: Key): string[] {
  const held = [...key.permissions, ...key.roles.flatMap(({ permissions }) => permissions)];
  return [...new Set(held.map(({ slug }) => slug))].sort();
}

function nonEmpty<Item>(items: Item[]): Item[] | null {
  return items.length === 0 ? null : items;
}

function nonEmptyMeta(meta: Meta | null): Record<string, unknown> | null {
  return meta === null || Object.keys(meta).length === 0 ? null : { ...meta };
}
