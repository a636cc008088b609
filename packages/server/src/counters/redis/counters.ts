import { randomUUID } from 'node:crypto';
import { batchesOf, type Call } from '../batches.ts';
import { defaultBounds, type IdempotencyBounds } from '../idempotency-shares.ts';
import type { ConsumeResult, Counters, RemoteCounters } from '../port.ts';
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
    consume: consumeInTurns(connection),
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

interface Waiting extends Call {
  readonly resolve: (result: ConsumeResult) => void;
  readonly reject: (error: unknown) => void;
}

/** The calls of a workspace that come in one turn of the event loop are one command: most of its cost is not the script. */
function consumeInTurns(connection: RedisConnection): Counters['consume'] {
  let turn = new Map<string, Waiting[]>();

  const send = (): void => {
    const workspaces = turn;
    turn = new Map();
    for (const [workspaceId, calls] of workspaces) {
      for (const batch of batchesOf(calls)) void consumeBatch(connection, workspaceId, batch);
    }
  };

  return (workspaceId, checks, now) =>
    new Promise((resolve, reject) => {
      if (turn.size === 0) setImmediate(send);
      const call = { checks, now, resolve, reject };
      const calls = turn.get(workspaceId);
      if (calls === undefined) turn.set(workspaceId, [call]);
      else calls.push(call);
    });
}

async function consumeBatch(
  connection: RedisConnection,
  workspaceId: string,
  calls: readonly Waiting[],
): Promise<void> {
  try {
    // The script returns numbers only.
    const reply = (await connection.run(consumeScript, ...argumentsOf(workspaceId, calls))) as number[];
    let at = 0;
    for (const { checks, resolve } of calls) {
      resolve(resultAt(reply, at, checks.length));
      at += 1 + 2 * checks.length;
    }
  } catch (error) {
    for (const { reject } of calls) reject(error);
  }
}

// The braces are the hash tag: all counters of a workspace are in one slot of a cluster.
function argumentsOf(workspaceId: string, calls: readonly Call[]): [keys: string[], args: number[]] {
  const keys: string[] = [];
  const args = [clockToleranceMs];
  for (const { checks, now } of calls) {
    args.push(now, checks.length);
    for (const { counter, limit, durationMs, cost } of checks) {
      keys.push(`unkey:{${workspaceId}}:${counter}`);
      args.push(limit, durationMs, cost);
    }
  }
  return [keys, args];
}

/** The reply to a call is one number, then two for each check. */
function resultAt(reply: readonly number[], at: number, checkCount: number): ConsumeResult {
  const results = [];
  for (let place = at + 1; place <= at + 2 * checkCount; place += 2) {
    const remaining = reply[place] ?? -1;
    results.push({
      passed: remaining >= 0,
      remaining: Math.max(0, remaining),
      resetAt: reply[place + 1] ?? 0,
    });
  }
  return { passed: reply[at] === 1, results };
}

async function deregister(connection: RedisConnection, processName: string): Promise<void> {
  // If this fails, the other processes count this one until its last heartbeat expires.
  await connection.run(deregisterScript, [processesKey], [processName]).catch(() => {});
}
