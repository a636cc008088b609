import { randomUUID } from 'node:crypto';
import type { Take } from '../../domain/ratelimit/window.ts';
import type { Outcome, RemoteCounters } from '../port.ts';
import { sharedAnswers } from '../shared-answers.ts';
import type { RedisAddress } from './address.ts';
import { redisAnswerStore } from './answers.ts';
import { connectRedis, type RedisConnection } from './connection.ts';
import { farewellScript, heartbeatScript } from './heartbeat-script.ts';
import { takeScript } from './take-script.ts';

export interface RedisCountersOptions {
  readonly addresses: readonly RedisAddress[];
  /** How long an answer may take, in milliseconds. Default 500. */
  readonly timeoutMs?: number;
}

const processesKey = 'unkey:processes';
/** A process that was not heard of for this long is not counted. */
const silenceMs = 15_000;
/** Clocks of processes may differ by this much without a window being forgotten too early. */
const keptMs = 60_000;

/** Counters on Redis or Valkey, for any number of processes. */
export async function openRedisCounters({
  addresses,
  timeoutMs = 500,
}: RedisCountersOptions): Promise<RemoteCounters> {
  const connection = await connectRedis(addresses, { timeoutMs });
  const answers = sharedAnswers(redisAnswerStore(connection));
  const processName = randomUUID();

  return {
    async take(workspaceId, takes, now) {
      return outcomeOf(await connection.run(takeScript, ...argumentsOf(workspaceId, takes, now)), takes);
    },
    claim: answers.claim,
    remember: answers.remember,
    release: answers.release,
    async heartbeat() {
      try {
        await connection.ping();
        return Number(await connection.run(heartbeatScript, [processesKey], [processName, silenceMs]));
      } catch (error) {
        // A server that was replaced may still hold the old connection open, and never answer on it.
        connection.reconnectIfStuck();
        throw error;
      }
    },
    async close() {
      answers.close();
      await sayFarewell(connection, processName);
      connection.close();
    },
  };
}

// The braces are the hash tag: all counters of a workspace are in one slot of a cluster.
function argumentsOf(
  workspaceId: string,
  takes: readonly Take[],
  now: number,
): [keys: string[], args: number[]] {
  const keys: string[] = [];
  const args = [now, keptMs];
  for (const { counter, limit, durationMs, cost } of takes) {
    keys.push(`unkey:{${workspaceId}}:${counter}`);
    args.push(limit, durationMs, cost);
  }
  return [keys, args];
}

function outcomeOf(reply: unknown, takes: readonly Take[]): Outcome {
  // The script's own answer: one number, then two for each take.
  const numbers = reply as readonly number[];
  const taken = takes.map((_, index) => {
    const remaining = numbers[2 * index + 1] ?? -1;
    return {
      passed: remaining >= 0,
      remaining: Math.max(0, remaining),
      resetAt: numbers[2 * index + 2] ?? 0,
    };
  });
  return { passed: numbers[0] === 1, taken };
}

async function sayFarewell(connection: RedisConnection, processName: string): Promise<void> {
  // Without it the others wait for this process to be silent.
  await connection.run(farewellScript, [processesKey], [processName]).catch(() => {});
}
