import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { decide, type Take } from '../domain/ratelimit/window.ts';
import { memoryCounters } from './memory.ts';
import {
  type Counters,
  type CountersStatus,
  CountersUnavailableError,
  type OutageMode,
  type Outcome,
  type RemoteCounters,
} from './port.ts';

export interface OutageOptions {
  readonly remote: RemoteCounters;
  readonly mode: OutageMode;
  readonly log: Log;
  readonly clock: Clock;
  /** Between two attempts to end an outage, in milliseconds; a sign of life is given at every fifth. Default 1000. */
  readonly attemptMs?: number;
}

const attemptsPerHeartbeat = 5;

/**
 * Counters that go on when the shared ones are away. The first failure begins an outage, in which nobody waits for them;
 * a heartbeat that succeeds ends it. Beginning and end are a line each in the log.
 */
export async function countersThroughOutages(
  options: OutageOptions,
): Promise<{ readonly counters: Counters; status(): CountersStatus }> {
  const { remote, mode, log, clock, attemptMs = 1000 } = options;
  const local = memoryCounters();
  /** Names that the shared counters keep for calls of this process. */
  const claimedThere = new Set<string>();
  let outage: { readonly since: number; readonly decisionsBefore: number } | null = null;
  let outages = 0;
  let outageDecisions = 0;
  let processes: number | null = null;

  const begin = (reason: string): void => {
    if (outage !== null) return;
    outages += 1;
    outage = { since: clock.now(), decisionsBefore: outageDecisions };
    log.warn({ reason, mode, processes }, 'the counters are away');
  };

  const endIfBegun = (): void => {
    if (outage === null) return;
    const { since, decisionsBefore } = outage;
    outage = null;
    const seconds = Math.round((clock.now() - since) / 1000);
    log.info({ seconds, decisions: outageDecisions - decisionsBefore }, 'the counters are back');
  };

  const beat = async (): Promise<void> => {
    try {
      processes = await remote.heartbeat();
      endIfBegun();
    } catch (error) {
      begin(error instanceof Error ? error.message : 'unknown');
    }
    local.sweep(clock.now());
  };

  /** What `work` of the shared counters gives; null, with an outage begun, when they cannot do it. */
  async function remotely<Result>(work: () => Promise<Result> | Result): Promise<{ result: Result } | null> {
    const before = outages;
    try {
      return { result: await work() };
    } catch (error) {
      if (!(error instanceof CountersUnavailableError)) throw error;
      // What was sent before an outage and fails after it is no news.
      if (before === outages) begin(error.message);
      return null;
    }
  }

  function decideAlone(workspaceId: string, takes: readonly Take[], now: number): Outcome | Promise<Outcome> {
    outageDecisions += 1;
    switch (mode) {
      case 'local':
        return local.take(workspaceId, sharesOf(takes, processes ?? 1), now);
      case 'allow':
        return decide(takes, () => undefined, now);
      case 'deny':
        throw new CountersUnavailableError('Limits cannot be decided at the moment. Try again later.');
    }
  }

  let beating: Promise<void> | null = beat();
  await beating;
  beating = null;
  let attempts = 0;
  const timer = setInterval(
    () => {
      attempts += 1;
      if (outage === null && attempts % attemptsPerHeartbeat !== 0) return;
      beating ??= beat().finally(() => {
        beating = null;
      });
    },
    // By chance a little more or less, so that processes do not come all at once.
    attemptMs * (0.8 + Math.random() * 0.4),
  );
  timer.unref();

  const counters: Counters = {
    async take(workspaceId, takes, now) {
      const decided = outage === null ? await remotely(() => remote.take(workspaceId, takes, now)) : null;
      return decided === null ? decideAlone(workspaceId, takes, now) : decided.result;
    },
    async claim(name, now) {
      // Calls of this process wait for each other here, and find what an outage has left here.
      const knownHere = await local.claim(name, now);
      if (knownHere !== null) return knownHere;
      let isClaimed = false;
      try {
        const found = outage === null ? await remotely(() => remote.claim(name, now)) : null;
        if (found === null && mode === 'deny') {
          throw new CountersUnavailableError('Whether this call was answered cannot be told at the moment.');
        }
        isClaimed = found === null || found.result === null;
        if (found !== null && isClaimed) claimedThere.add(name);
        return found === null ? null : found.result;
      } finally {
        if (!isClaimed) await local.release(name);
      }
    },
    async remember(name, answer, expiresAt) {
      const isThere =
        claimedThere.delete(name) &&
        (await remotely(() => remote.remember(name, answer, expiresAt))) !== null;
      // What was spent is spent: if the answer cannot be kept there, then at least here.
      if (isThere) await local.release(name);
      else await local.remember(name, answer, expiresAt);
    },
    async release(name) {
      if (claimedThere.delete(name)) await remotely(() => remote.release(name));
      await local.release(name);
    },
    async close() {
      clearInterval(timer);
      await beating;
      await remote.close();
      await local.close();
    },
  };

  return { counters, status: () => ({ isUp: outage === null, mode, outageDecisions, processes }) };
}

/** A process's part of limits. What lets anything through at all lets at least one through at each process. */
function sharesOf(takes: readonly Take[], processes: number): readonly Take[] {
  if (processes <= 1) return takes;
  return takes.map((take) => ({
    ...take,
    limit: take.limit === 0 ? 0 : Math.max(1, Math.floor(take.limit / processes)),
  }));
}
