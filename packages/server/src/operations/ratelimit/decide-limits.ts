import type { InputOf } from '@unkey-ts/contract';
import { andThen, type MaybePromise } from '../../base/maybe-promise.ts';
import { findOverride, type Override } from '../../domain/ratelimit/overrides.ts';
import type { LimitCheck, LimitResult } from '../../domain/ratelimit/window.ts';
import type { PreparedNamespace } from '../../storage/lookups.ts';
import type { Context } from '../context.ts';

type LimitInput = InputOf<'ratelimit.limit'>;

/** One limit with its request and its decision. */
export interface LimitDecision {
  readonly input: LimitInput;
  readonly limit: number;
  readonly override: Override | undefined;
  readonly result: LimitResult;
}

export interface LimitDecisions {
  readonly passed: boolean;
  readonly limits: readonly LimitDecision[];
}

interface Planned {
  readonly input: LimitInput;
  readonly namespaceId: string;
  readonly override: Override | undefined;
  readonly check: LimitCheck;
}

/** Counts all or none of the limits, each under its override if one matches. */
export function decideLimits(
  context: Context,
  inputs: readonly LimitInput[],
  namespaces: ReadonlyMap<string, PreparedNamespace>,
): MaybePromise<LimitDecisions> {
  const { services, workspaceId, now } = context;
  const planned = inputs.map((input) => planLimit(workspaceId, input, namespaces.get(input.namespace)));
  const checks = planned.map(({ check }) => check);
  return andThen(services.counters.consume(workspaceId, checks, now), ({ passed, results }) => ({
    passed,
    limits: planned.map((plan, index) => {
      const result = results[index];
      if (result === undefined) throw new Error('A limit was asked for and not decided.');
      if (context.isRecorded) record(context, plan, result);
      const { input, override, check } = plan;
      return { input, limit: check.limit, override, result };
    }),
  }));
}

function planLimit(
  workspaceId: string,
  input: LimitInput,
  namespace: PreparedNamespace | undefined,
): Planned {
  if (namespace === undefined) throw new Error('A limit was planned without its namespace.');
  const override = findOverride(namespace.overrides, input.identifier);
  const limit = override?.limit ?? input.limit;
  const durationMs = override?.durationMs ?? input.duration;
  // The limit is not part of the counter name: changing it keeps the count. No part can contain U+0000.
  const counter = `namespace\0${workspaceId}\0${namespace.id}\0${input.identifier}\0${durationMs}`;
  return {
    input,
    namespaceId: namespace.id,
    override,
    check: { counter, limit, durationMs, cost: input.cost ?? 1 },
  };
}

/** The members that both operations return for a limit, in this order. */
export function numbersOf({ limit, override, result }: LimitDecision) {
  return {
    limit,
    remaining: result.remaining,
    reset: result.resetAt,
    ...(override && { overrideId: override.id }),
  };
}

function record(
  context: Context,
  { input, namespaceId, override, check }: Planned,
  result: LimitResult,
): void {
  context.services.events.record({
    type: 'ratelimit',
    at: context.now,
    requestId: context.requestId,
    workspaceId: context.workspaceId,
    namespaceId,
    identifier: input.identifier,
    passed: result.passed,
    limit: check.limit,
    remaining: result.remaining,
    cost: check.cost,
    overrideId: override?.id ?? null,
    latencyMs: performance.now() - context.startedAt,
    trace: context.trace,
  });
}
