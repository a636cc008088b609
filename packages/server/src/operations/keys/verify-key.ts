import { type InputOf, operations, type VerificationCode } from '@unkey-ts/contract';
import { andThen, type MaybePromise } from '../../base/maybe-promise.ts';
import { memoize } from '../../base/memoize.ts';
import { hashKey, longTokenHash, parsePrefixedKey } from '../../domain/keys/key-material.ts';
import { refilled } from '../../domain/keys/refill.ts';
import { parseQuery } from '../../domain/permissions/query.ts';
import { isUsable, type Plan, type PlannedLimit, plan } from '../../domain/verification/plan.ts';
import { presentVerification, repeatVerification, type Verdict } from '../../domain/verification/verdict.ts';
import type { VerifiableKey } from '../../domain/verification/verifiable-key.ts';
import type { Context } from '../context.ts';
import { handlerOf, masked } from '../handler.ts';
import { Refusal, refuse } from '../refusal.ts';
import { findMigratedKey } from './find-migrated-key.ts';
import { spendCredits } from './spend-credits.ts';

type Input = InputOf<'keys.verifyKey'>;

export const verifyKey = handlerOf(operations['keys.verifyKey'], {
  locate(context, input) {
    const { services, workspaceId } = context;
    return andThen(services.lookups.findVerifiableKey(workspaceId, hashKey(input.key)), (key) => {
      if (key !== null) return located(key);
      const { key: text, migrationId } = input;
      return migrationId === undefined ? masked : locateMigrated(context, { key: text, migrationId });
    });
  },
  act(context, input, { key }) {
    const permissions = input.permissions === undefined ? null : knownQuery(input.permissions);
    if (permissions?.kind === 'syntaxError') {
      return refuse('user/bad_request/permissions_query_syntax_error', permissions.message);
    }
    const { clientIp, now } = context;
    const planned = plan(key, { permissions, ratelimits: input.ratelimits ?? [], clientIp }, now);
    if (planned.kind === 'unknownLimit') return refuseUnknownLimit(key, planned.name);
    return andThen(decide(context, input, { key, planned }), (verdict) => {
      record(context, input, { key, verdict });
      return { data: presentVerification(key, verdict), outcome: verdict.code };
    });
  },
  // A record holds no more than what was decided: `meta` and permissions may be large, and are read again.
  record: {
    keep: ({ meta, permissions, roles, identity, ...decided }) => decided,
    // `VALID` is not repeated for a key that has been deleted or disabled, or has expired since. It is verified again, which
    // spends nothing.
    restore({ services, workspaceId, now }, input, decided) {
      return andThen(services.lookups.findVerifiableKey(workspaceId, hashKey(input.key)), (key) => {
        if (decided.valid && (key === null || !isUsable(key, now))) return null;
        return key !== null && key.id === decided.keyId ? repeatVerification(key, decided) : decided;
      });
    },
  },
  isUnknown({ lookups }, workspaceId, { key: text, migrationId }) {
    return andThen(lookups.findVerifiableKey(workspaceId, hashKey(text)), (key) => {
      if (key !== null || migrationId === undefined) return key === null;
      // The first verification of a migrated key: it still has the hash of the other system.
      const prefixed = parsePrefixedKey(text);
      if (prefixed === null) return true;
      return andThen(
        lookups.findVerifiableKey(workspaceId, longTokenHash(prefixed.longToken)),
        (pending) => pending?.pendingMigrationId !== migrationId,
      );
    });
  },
  maskedResult: () => ({ data: { valid: false, code: 'NOT_FOUND' as const }, outcome: 'NOT_FOUND' }),
});

const knownQuery = memoize(parseQuery, 1000);

function located(key: VerifiableKey) {
  return { key, scope: { apiId: key.apiId, keyspaceId: key.keyspaceId, keyId: key.id } };
}

async function locateMigrated(context: Context, migrated: { key: string; migrationId: string }) {
  const key = await findMigratedKey(context, migrated);
  if (key instanceof Refusal) return key;
  return key === null ? masked : located(key);
}

function decide(
  context: Context,
  input: Input,
  { key, planned }: { key: VerifiableKey; planned: Exclude<Plan, { kind: 'unknownLimit' }> },
): MaybePromise<Verdict> {
  if (planned.kind === 'denied') return withoutSpending(context, key, { code: planned.code, limits: [] });
  return andThen(consumeLimits(context, planned.limits), ({ passed, limits }) => {
    if (!passed) return withoutSpending(context, key, { code: 'RATE_LIMITED', limits });
    if (!key.hasCredits) return { code: 'VALID', credits: null, limits };
    return andThen(spendCredits(context, key, input.credits?.cost ?? 1), ({ isSpent, remaining }) => ({
      code: isSpent ? 'VALID' : 'USAGE_EXCEEDED',
      credits: remaining,
      limits,
    }));
  });
}

interface ConsumedLimits {
  readonly passed: boolean;
  readonly limits: Verdict['limits'];
}

const noLimits: ConsumedLimits = { passed: true, limits: [] };

function consumeLimits(
  { services, workspaceId, now }: Context,
  planned: readonly PlannedLimit[],
): MaybePromise<ConsumedLimits> {
  if (planned.length === 0) return noLimits;
  const checks = planned.map(({ check }) => check);
  return andThen(services.counters.consume(workspaceId, checks, now), ({ passed, results }) => ({
    passed,
    limits: planned.flatMap((limit, index) => {
      const result = results[index];
      return result === undefined ? [] : [{ planned: limit, result }];
    }),
  }));
}

function withoutSpending(
  { services, now }: Context,
  key: VerifiableKey,
  { code, limits }: { code: VerificationCode; limits: Verdict['limits'] },
): MaybePromise<Verdict> {
  if (!key.hasCredits) return { code, credits: null, limits };
  return andThen(services.storage.readCredits(key.workspaceId, key.id), (credits) => ({
    code,
    credits: credits && refilled(credits, now).remaining,
    limits,
  }));
}

function refuseUnknownLimit(key: VerifiableKey, name: string): Refusal {
  const identity = key.identity
    ? `nor on its identity '${key.identity.id}' (external id '${key.identity.externalId}')`
    : 'and it has no identity';
  return refuse(
    'unkey/application/precondition_failed',
    `There is no limit '${name}' on key '${key.id}' ${identity}. Name one that exists, or give both limit and duration.`,
  );
}

function record(
  context: Context,
  input: Input,
  { key, verdict }: { key: VerifiableKey; verdict: Verdict },
): void {
  const { services, now } = context;
  services.lastUsed.mark(key.id, now);
  services.events.record({
    type: 'verification',
    at: now,
    requestId: context.requestId,
    workspaceId: key.workspaceId,
    apiId: key.apiId,
    keyId: key.id,
    identityId: key.identity?.id ?? null,
    externalId: key.identity?.externalId ?? null,
    outcome: verdict.code,
    tags: input.tags ?? [],
    spentCredits: verdict.code === 'VALID' && key.hasCredits ? (input.credits?.cost ?? 1) : 0,
    latencyMs: performance.now() - context.startedAt,
    trace: context.trace,
  });
}
