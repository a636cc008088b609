import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { decide, type LimitCheck } from '../domain/ratelimit/window.ts';
import { memoryCounters } from './memory.ts';
import {
  type ConsumeResult,
  type CounterMemoryStats,
  type Counters,
  type CountersStatus,
  CountersUnavailableError,
  type IdempotencyRecord,
  type OutageMode,
  type RemoteCounters,
} from './port.ts';

export interface CircuitBreakerOptions {
  readonly remote: RemoteCounters;
  readonly mode: OutageMode;
  readonly log: Log;
  readonly clock: Clock;
  /** Milliseconds between heartbeats while the circuit is open; while it is closed, five times that. Default 1000. */
  readonly probeMs?: number;
}

const probesPerHeartbeat = 5;

/**
 * Counters behind a circuit breaker. The first failure opens the circuit: calls are then decided without the shared
 * counters and do not wait for them. The first heartbeat that succeeds closes it. Each change is logged once.
 */
export async function withCircuitBreaker(
  options: CircuitBreakerOptions,
): Promise<{ readonly counters: Counters; status(): CountersStatus; memory(): CounterMemoryStats }> {
  const { remote, mode, clock, probeMs = 1000 } = options;
  const local = memoryCounters();
  const circuit = new Circuit(options);
  const heartbeats = await startHeartbeats(probeMs, circuit, async () => {
    await circuit.heartbeat(() => remote.heartbeat());
    local.sweep(clock.now());
  });
  const limits = limitsWithFallback({ remote, local, circuit, mode });
  const idempotency = idempotencyWithFallback({ remote, local, circuit, mode });
  return {
    memory() {
      const stats = local.stats();
      return { ...stats, refusedClaims: stats.refusedClaims + remote.idempotencyStats().refusedClaims };
    },
    counters: {
      consume: limits.consume,
      ...idempotency,
      async close() {
        await heartbeats.stop();
        await remote.close();
        await local.close();
      },
    },
    status: () => ({
      circuit: circuit.isOpen ? 'open' : 'closed',
      mode,
      fallbackDecisions: circuit.fallbackDecisions,
      processes: circuit.processes,
    }),
  };
}

/** The state of the circuit breaker. */
class Circuit {
  readonly #options: CircuitBreakerOptions;
  #opened: { readonly at: number; readonly decisionsBefore: number } | null = null;
  #timesOpened = 0;
  fallbackDecisions = 0;
  processes: number | null = null;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#opened !== null;
  }

  async heartbeat(beat: () => Promise<number>): Promise<void> {
    try {
      this.processes = await beat();
      this.#close();
    } catch (error) {
      this.#open(error instanceof Error ? error.message : 'unknown');
    }
  }

  /** What `failed` is told about a call that begins now. */
  get era(): number {
    return this.#timesOpened;
  }

  /** A call to the shared counters that began in this era has failed. Throws the error if it is not an outage. */
  failed(error: unknown, era: number): void {
    if (!(error instanceof CountersUnavailableError)) throw error;
    // Failures of calls sent before the circuit opened do not open it again.
    if (era === this.#timesOpened) this.#open(error.message);
  }

  /** Calls the shared counters if the circuit is closed. Null: it is open, or the call failed and opened it. */
  async attempt<Result>(work: () => Promise<Result> | Result): Promise<{ readonly result: Result } | null> {
    return this.isOpen ? null : this.attemptAnyway(work);
  }

  /** As `attempt`, also while the circuit is open. */
  async attemptAnyway<Result>(
    work: () => Promise<Result> | Result,
  ): Promise<{ readonly result: Result } | null> {
    const { era } = this;
    try {
      return { result: await work() };
    } catch (error) {
      this.failed(error, era);
      return null;
    }
  }

  #open(reason: string): void {
    if (this.#opened !== null) return;
    const { clock, log, mode } = this.#options;
    this.#timesOpened += 1;
    this.#opened = { at: clock.now(), decisionsBefore: this.fallbackDecisions };
    log.warn({ reason, mode, processes: this.processes }, 'the circuit to the shared counters is open');
  }

  #close(): void {
    if (this.#opened === null) return;
    const { clock, log } = this.#options;
    const { at, decisionsBefore } = this.#opened;
    this.#opened = null;
    const seconds = Math.round((clock.now() - at) / 1000);
    const decisions = this.fallbackDecisions - decisionsBefore;
    log.info({ seconds, decisions }, 'the circuit to the shared counters is closed again');
  }
}

/** Runs `beat` once now, then at each of the first five probes, and later at each while the circuit is open, else every fifth. */
async function startHeartbeats(probeMs: number, circuit: Circuit, beat: () => Promise<void>) {
  await beat();
  let beating: Promise<void> | null = null;
  let probes = 0;
  const timer = setInterval(
    () => {
      probes += 1;
      // Processes that start together know each other soon.
      const isDue = probes <= probesPerHeartbeat || probes % probesPerHeartbeat === 0;
      if (!circuit.isOpen && !isDue) return;
      beating ??= beat().finally(() => {
        beating = null;
      });
    },
    // Jitter: the processes must not all probe at once.
    probeMs * (0.8 + Math.random() * 0.4),
  );
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await beating;
    },
  };
}

interface Fallback {
  readonly remote: RemoteCounters;
  readonly local: Counters;
  readonly circuit: Circuit;
  readonly mode: OutageMode;
}

function limitsWithFallback({ remote, local, circuit, mode }: Fallback): Pick<Counters, 'consume'> {
  function consumeLocally(
    workspaceId: string,
    checks: readonly LimitCheck[],
    now: number,
  ): ConsumeResult | Promise<ConsumeResult> {
    circuit.fallbackDecisions += 1;
    switch (mode) {
      case 'local':
        return local.consume(workspaceId, sharesOf(checks, circuit.processes ?? 1), now);
      case 'allow':
        return decide(checks, () => undefined, now);
      case 'deny':
        throw new CountersUnavailableError('Limits cannot be decided at the moment. Try again later.');
    }
  }

  return {
    // Each limit passes here: no closure, no further promise.
    async consume(workspaceId, checks, now) {
      if (circuit.isOpen) return consumeLocally(workspaceId, checks, now);
      const { era } = circuit;
      try {
        return await remote.consume(workspaceId, checks, now);
      } catch (error) {
        circuit.failed(error, era);
        return consumeLocally(workspaceId, checks, now);
      }
    },
  };
}

function idempotencyWithFallback({
  remote,
  local,
  circuit,
  mode,
}: Fallback): Pick<Counters, 'claim' | 'complete' | 'release'> {
  /** Names that calls of this process have claimed in the shared counters. */
  const claimedRemotely = new Set<string>();

  /** `local` holds a claim on the name already. Null: the name is claimed for the caller. */
  const claimRemotely = async (name: string, now: number): Promise<IdempotencyRecord | null> => {
    const found = await circuit.attempt(() => remote.claim(name, now));
    if (found === null && mode === 'deny') {
      throw new CountersUnavailableError(
        'Idempotency records cannot be read at the moment. Try again later.',
      );
    }
    if (found?.result === null) claimedRemotely.add(name);
    return found?.result ?? null;
  };

  return {
    async claim(name, now) {
      // Calls of this process wait for each other locally, and find the records that an open circuit left here.
      const localRecord = await local.claim(name, now);
      if (localRecord !== null) return localRecord;
      let isClaimed = false;
      try {
        const record = await claimRemotely(name, now);
        isClaimed = record === null;
        return record;
      } finally {
        if (!isClaimed) await local.release(name);
      }
    },
    async complete(name, record, expiresAt) {
      const isStoredRemotely =
        claimedRemotely.delete(name) &&
        (await circuit.attemptAnyway(() => remote.complete(name, record, expiresAt))) !== null;
      // The credits are spent: a record that the shared counters cannot store must exist at least here.
      if (isStoredRemotely) await local.release(name);
      else await local.complete(name, record, expiresAt);
    },
    async release(name) {
      if (claimedRemotely.delete(name)) await circuit.attemptAnyway(() => remote.release(name));
      await local.release(name);
    },
  };
}

/** The share of one process in each limit: at least 1, unless the limit is 0. */
function sharesOf(checks: readonly LimitCheck[], processes: number): readonly LimitCheck[] {
  if (processes <= 1) return checks;
  return checks.map((check) => ({
    ...check,
    limit: check.limit === 0 ? 0 : Math.max(1, Math.floor(check.limit / processes)),
  }));
}
