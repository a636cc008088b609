import type { AllowList } from '../network/ip-allow-list.ts';

/** A stored limit of a key or of its identity. */
export interface KeyRatelimit {
  readonly id: string;
  readonly name: string;
  readonly limit: number;
  readonly durationMs: number;
  readonly isAutoApplied: boolean;
}

/** A limit with the name of its counter. An identity's limit counts for all of its keys together. */
export interface CountedRatelimit extends KeyRatelimit {
  readonly counter: string;
}

/** A key with all data for its verification, prepared once and cached. Credits are excluded, because they change. */
export interface VerifiableKey {
  readonly id: string;
  readonly workspaceId: string;
  readonly apiId: string;
  readonly keyspaceId: string;
  readonly name: string | null;
  /** Null when absent or empty: the response omits it in both cases. */
  readonly meta: Readonly<Record<string, unknown>> | null;
  readonly isEnabled: boolean;
  readonly expiresAt: number | null;
  readonly hasCredits: boolean;
  readonly pendingMigrationId: string | null;
  readonly allowedIps: AllowList | null;
  /** Direct and through roles: distinct, sorted. */
  readonly permissions: readonly string[];
  readonly permissionSet: ReadonlySet<string>;
  readonly roles: readonly string[];
  readonly ratelimits: readonly CountedRatelimit[];
  readonly identity: {
    readonly id: string;
    readonly externalId: string;
    readonly meta: Readonly<Record<string, unknown>> | null;
    readonly ratelimits: readonly CountedRatelimit[];
  } | null;
}

/** The counter name of a limit; its owner is a key or an identity. */
export function counterOf(
  workspaceId: string,
  ownerId: string,
  { name, durationMs }: Pick<KeyRatelimit, 'name' | 'durationMs'>,
): string {
  // No part can contain U+0000: bodies with it are refused.
  return ['key', workspaceId, ownerId, name, durationMs].join('\0');
}
