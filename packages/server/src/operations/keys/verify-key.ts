import { type InputOf, operations, type VerificationCode } from '@unkey-ts/contract';
import { hashKey } from '../../domain/keys/key-material.ts';
import { refilled } from '../../domain/keys/refill.ts';
import { parseQuery, type Query } from '../../domain/permissions/query.ts';
import { type PlannedLimit, plan } from '../../domain/verification/plan.ts';
import { answerOf, type Verdict } from '../../domain/verification/verdict.ts';
import type { VerifiableKey } from '../../domain/verification/verifiable-key.ts';
import type { Context } from '../context.ts';
import { concealed, handlerOf } from '../handler.ts';
import { Refusal, refuse } from '../refusal.ts';
import { findMigratedKey } from './find-migrated-key.ts';
import { takeCredits } from './take-credits.ts';

type Input = InputOf<'keys.verifyKey'>;

export const verifyKey = handlerOf(operations['keys.verifyKey'], {
  async locate(context, input) {
    const found = await context.services.lookups.findVerifiableKey(hashKey(input.key));
    const key = found ?? (await findMigratedKey(context, input));
    if (key instanceof Refusal) return key;
    if (key === null || key.workspaceId !== context.workspaceId) return concealed;
    return { key, scope: { apiId: key.apiId, keyspaceId: key.keyspaceId, keyId: key.id } };
  },
  async act(context, input, { key }) {
    const permissions = input.permissions === undefined ? null : parseQuery(input.permissions);
    if (permissions?.kind === 'syntaxError') {
      return refuse('user/bad_request/permissions_query_syntax_error', permissions.message);
    }
    const verdict = await decide(context, input, { key, permissions });
    if (verdict instanceof Refusal) return verdict;
    record(context, input, { key, verdict });
    return { data: answerOf(key, verdict), outcome: verdict.code };
  },
  conceal: () => ({ data: { valid: false, code: 'NOT_FOUND' as const }, outcome: 'NOT_FOUND' }),
});

async function decide(
  context: Context,
  input: Input,
  { key, permissions }: { key: VerifiableKey; permissions: Query | null },
): Promise<Verdict | Refusal> {
  const { clientIp, now } = context;
  const planned = plan(key, { permissions, ratelimits: input.ratelimits ?? [], clientIp }, now);
  if (planned.kind === 'unknownLimit') return refuseUnknownLimit(key, planned.name);
  if (planned.kind === 'denied') return withoutSpending(context, key, { code: planned.code, limits: [] });

  const { passed, limits } = await takeLimits(context, planned.limits);
  if (!passed) return withoutSpending(context, key, { code: 'RATE_LIMITED', limits });
  if (!key.hasCredits) return { code: 'VALID', credits: null, limits };
  const { isSpent, remaining } = await takeCredits(context, key, input.credits?.cost ?? 1);
  return { code: isSpent ? 'VALID' : 'USAGE_EXCEEDED', credits: remaining, limits };
}

async function takeLimits(
  { services, workspaceId, now }: Context,
  planned: readonly PlannedLimit[],
): Promise<{ passed: boolean; limits: Verdict['limits'] }> {
  if (planned.length === 0) return { passed: true, limits: [] };
  const { passed, taken } = await services.counters.take(
    workspaceId,
    planned.map(({ take }) => take),
    now,
  );
  const limits = planned.flatMap((limit, index) => {
    const result = taken[index];
    return result === undefined ? [] : [{ planned: limit, taken: result }];
  });
  return { passed, limits };
}

async function withoutSpending(
  { services, now }: Context,
  key: VerifiableKey,
  { code, limits }: { code: VerificationCode; limits: Verdict['limits'] },
): Promise<Verdict> {
  if (!key.hasCredits) return { code, credits: null, limits };
  const credits = await services.storage.readCredits(key.workspaceId, key.id);
  return { code, credits: credits && refilled(credits, now).remaining, limits };
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
  });
}
