import type { InputOf } from '@unkey-ts/contract';
import { findOverride, type Override } from '../../domain/ratelimit/overrides.ts';
import type { Take, Taken } from '../../domain/ratelimit/window.ts';
import type { PreparedNamespace } from '../../storage/lookups.ts';
import type { Context } from '../context.ts';

type LimitInput = InputOf<'ratelimit.limit'>;

interface Planned {
  readonly input: LimitInput;
  readonly namespaceId: string;
  readonly override: Override | undefined;
  readonly take: Take;
}

/** Counts all or none of the limits, each under its override if one matches. */
export async function decideLimits(
  context: Context,
  inputs: readonly LimitInput[],
  namespaces: ReadonlyMap<string, PreparedNamespace>,
) {
  const planned = inputs.map((input) =>
    planLimit(context.workspaceId, input, namespaces.get(input.namespace)),
  );
  const { passed, taken } = await context.services.counters.take(
    context.workspaceId,
    planned.map(({ take }) => take),
    context.now,
  );
  const limits = planned.flatMap((plan, index) => {
    const result = taken[index];
    if (result === undefined) return [];
    if (context.isRecorded) record(context, plan, result);
    return [answerOf(plan, result)];
  });
  return { passed, limits };
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
  // The limit is no part of the counter: changing it keeps what was counted. No part can contain U+0000.
  const counter = `namespace\0${workspaceId}\0${namespace.id}\0${input.identifier}\0${durationMs}`;
  return {
    input,
    namespaceId: namespace.id,
    override,
    take: { counter, limit, durationMs, cost: input.cost ?? 1 },
  };
}

function answerOf({ input, override, take }: Planned, { passed, remaining, resetAt }: Taken) {
  return {
    namespace: input.namespace,
    identifier: input.identifier,
    passed,
    limit: take.limit,
    remaining,
    reset: resetAt,
    ...(override && { overrideId: override.id }),
  };
}

function record(context: Context, { input, namespaceId, override, take }: Planned, taken: Taken): void {
  context.services.events.record({
    type: 'ratelimit',
    at: context.now,
    requestId: context.requestId,
    workspaceId: context.workspaceId,
    namespaceId,
    identifier: input.identifier,
    passed: taken.passed,
    limit: take.limit,
    remaining: taken.remaining,
    cost: take.cost,
    overrideId: override?.id ?? null,
    latencyMs: performance.now() - context.startedAt,
  });
}
