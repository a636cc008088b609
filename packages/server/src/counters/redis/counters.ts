import { randomUUID } from 'node:crypto';
import type { LimitCheck } from '../../domain/ratelimit/window.ts';
import { defaultBounds, type IdempotencyBounds } from '../idempotency-shares.ts';
import type { ConsumeResult, RemoteCounters } from '../port.ts';
import { sharedIdempotency } from '../shared-idempotency.ts';
import type { RedisAddress } from './address.ts';
import { connectRedis, type RedisConnection } from './connection.ts';
import { consumeScript } from './consume-script.ts';
import { deregisterScript, heartbeatScript } from './heartbeat-script.ts';
import { redisRecordStore } from './idempotency.ts';

export interface RedisCountersOptions {
  readonly addresses: readonly RedisAddress[];
  /** Timeout of a command, in milliseconds. Default 500. */
  readonly timeoutMs?: number;
  /** What this process may store of idempotency records. */
  readonly idempotencyBounds?: IdempotencyBounds;
}

const processesKey = 'unkey:processes';
/** A process without a heartbeat for this long is not counted as alive. */
const processTtlMs = 15_000;
/** Windows are kept this much longer than they count, because the clocks of processes may differ. */
const clockToleranceMs = 60_000;

/** Counters on Redis or Valkey, shared by any number of processes. */
export async function openRedisCounters({
  addresses,
  timeoutMs = 500,
  idempotencyBounds = defaultBounds,
}: RedisCountersOptions): Promise<RemoteCounters> {
  const connection = await connectRedis(addresses, { timeoutMs });
  const idempotency = sharedIdempotency(redisRecordStore(connection), idempotencyBounds);
  const processName = randomUUID();

  return {
    async consume(workspaceId, checks, now) {
      const reply = await connection.run(consumeScript, ...argumentsOf(workspaceId, checks, now));
      return resultOf(reply, checks);
    },
    claim: idempotency.claim,
    complete: idempotency.complete,
    release: idempotency.release,
    idempotencyStats: idempotency.stats,
    async heartbeat() {
      try {
        await connection.ping();
        return Number(await connection.run(heartbeatScript, [processesKey], [processName, processTtlMs]));
      } catch (error) {
        // A server that was replaced may keep the old connection open and never reply on it.
        connection.reconnectIfStuck();
        throw error;
      }
    },
    async close() {
      idempotency.close();
      await deregister(connection, processName);
      connection.close();
    },
  };
}

// The braces are the hash tag: all counters of a workspace are in one slot of a cluster.
function argumentsOf(
  workspaceId: string,
  checks: readonly LimitCheck[],
  now: number,
): [keys: string[], args: number[]] {
  const keys: string[] = [];
  const args = [now, clockToleranceMs];
  for (const { counter, limit, durationMs, cost } of checks) {
    keys.push(`unkey:{${workspaceId}}:${counter}`);
    args.push(limit, durationMs, cost);
  }
  return [keys, args];
}

function resultOf(reply: unknown, checks: readonly LimitCheck[]): ConsumeResult {
  // The script returns one number, then two for each check.
  const numbers = reply as readonly number[];
  const results = checks.map((_, index) => {
    const remaining = numbers[2 * index + 1] ?? -1;
    return {
      passed: remaining >= 0,
      remaining: Math.max(0, remaining),
      resetAt: numbers[2 * index + 2] ?? 0,
    };
  });
  return { passed: numbers[0] === 1, results };
}

async function deregister(connection: RedisConnection, processName: string): Promise<void> {
  // If this fails, the other processes count this one until its last heartbeat expires.
  await connection.run(deregisterScript, [processesKey], [processName]).catch(() => {});
}
