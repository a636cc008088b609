import { afterEach, expect, test, vi } from 'vitest';
import { createLog } from '../base/log.ts';
import { withCircuitBreaker } from './circuit-breaker.ts';
import { countersConformance } from './conformance/counters-conformance.ts';
import { idempotencySharesConformance } from './conformance/idempotency-shares-conformance.ts';
import type { IdempotencyBounds } from './idempotency-shares.ts';
import { memoryCounters } from './memory.ts';
import {
  type Counters,
  CountersUnavailableError,
  IdempotencyShareError,
  type OutageMode,
  type RemoteCounters,
} from './port.ts';

const now = 1_700_000_040_000; // starts a minute

/** Counters that several processes could share, with a plug to pull. */
function pluggedCounters(
  bounds?: IdempotencyBounds,
): RemoteCounters & { plug: { isIn: boolean; processes: number } } {
  const inner = memoryCounters(undefined, bounds);
  const plug = { isIn: true, processes: 1 };
  const check = () => {
    if (!plug.isIn) throw new CountersUnavailableError('unplugged');
  };
  return {
    plug,
    async consume(workspaceId, checks, at) {
      check();
      return inner.consume(workspaceId, checks, at);
    },
    async claim(name, at) {
      check();
      return inner.claim(name, at);
    },
    async complete(name, record, expiresAt) {
      check();
      return inner.complete(name, record, expiresAt);
    },
    async release(name) {
      check();
      return inner.release(name);
    },
    async heartbeat() {
      check();
      return plug.processes;
    },
    idempotencyStats: inner.stats,
    close: inner.close,
  };
}

const opened: Counters[] = [];
afterEach(async () => {
  for (const counters of opened.splice(0)) await counters.close();
});

async function openPlugged({
  mode = 'local',
  processes = 1,
  bounds,
}: {
  mode?: OutageMode;
  processes?: number;
  bounds?: IdempotencyBounds;
} = {}) {
  const remote = pluggedCounters(bounds);
  remote.plug.processes = processes;
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLog({ level: 'info', destination });
  const time = { now };
  const clock = { now: () => time.now };
  const { counters, status, memory } = await withCircuitBreaker({ remote, mode, log, clock, probeMs: 5 });
  opened.push(counters);
  const pull = () => {
    remote.plug.isIn = false;
  };
  const putBack = async () => {
    remote.plug.isIn = true;
    await vi.waitFor(() => expect(status().circuit).toBe('closed'), 30_000);
  };
  const passes = async (count: number, limit: number) => {
    const one = { counter: 'a', limit, durationMs: 60_000, cost: 1 };
    const calls = Array.from({ length: count }, () => counters.consume('ws', [one], now));
    return (await Promise.all(calls)).filter(({ passed }) => passed).length;
  };
  return { counters, remote, status, memory, lines, time, pull, putBack, passes };
}

countersConformance('shared counters that are there', async () => (await openPlugged()).counters);

idempotencySharesConformance(
  'shared counters that are there',
  async (bounds) => (await openPlugged({ bounds })).counters,
);

countersConformance('counters while the shared ones are away', async () => {
  const { counters, pull } = await openPlugged();
  pull();
  return counters;
});

test('claims that the shared counters refuse are counted, and do not open the circuit', async () => {
  const { counters, memory, status } = await openPlugged({ bounds: { records: 1, characters: 10 } });
  expect(await counters.claim('ws 1', now)).toBeNull();
  await expect(counters.claim('ws 2', now)).rejects.toThrow(IdempotencyShareError);
  expect(memory()).toMatchObject({ refusedClaims: 1 });
  expect(status().circuit).toBe('closed');
});

test('local: each process enforces its own share of the limit', async () => {
  const { pull, putBack, passes } = await openPlugged({ processes: 3 });
  expect(await passes(2, 10)).toBe(2);
  pull();
  expect(await passes(20, 10)).toBe(3);
  await putBack();
  expect(await passes(20, 10)).toBe(8);
  pull();
  // It is the same minute, of which this process has had its share.
  expect(await passes(20, 10)).toBe(0);
});

test('processes that start together know each other after the first probe', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const { remote, status } = await openPlugged();
    remote.plug.processes = 3;
    // A probe comes after at most 1.2 of the 5 ms between probes.
    await vi.advanceTimersByTimeAsync(6);
    expect(status()?.processes).toBe(3);
    await vi.advanceTimersByTimeAsync(100);
    remote.plug.processes = 4;
    await vi.advanceTimersByTimeAsync(30);
    expect(status()?.processes).toBe(4);
  } finally {
    vi.useRealTimers();
  }
});

test('local: a limit smaller than the number of processes lets one through at each; a limit of 0 none', async () => {
  const { pull, passes } = await openPlugged({ processes: 3 });
  pull();
  expect(await passes(5, 2)).toBe(1);
  expect(await passes(5, 0)).toBe(0);
});

test('allow: every call that the limit could pass does', async () => {
  const { pull, passes } = await openPlugged({ mode: 'allow' });
  pull();
  expect(await passes(50, 10)).toBe(50);
  expect(await passes(5, 0)).toBe(0);
});

test('deny: calls with a limit or an idempotency key fail with Retry-After', async () => {
  const { counters, pull, putBack, passes } = await openPlugged({ mode: 'deny' });
  pull();
  await expect(passes(1, 10)).rejects.toThrow(CountersUnavailableError);
  await expect(passes(1, 10)).rejects.toThrow(/again/);
  await expect(counters.claim('call', now)).rejects.toThrow(CountersUnavailableError);
  await putBack();
  expect(await passes(20, 10)).toBe(10);
  expect(await counters.claim('call', now)).toBeNull();
});

test('an open circuit is logged once and its end once, and its decisions are counted', async () => {
  const { status, lines, time, pull, putBack, passes } = await openPlugged();
  expect(status()).toEqual({ circuit: 'closed', mode: 'local', fallbackDecisions: 0, processes: 1 });
  pull();
  await passes(20, 10);
  await passes(20, 10);
  expect(status()).toMatchObject({ circuit: 'open', fallbackDecisions: 40 });
  time.now += 90_000;
  await putBack();
  await passes(20, 10);
  expect(status()).toMatchObject({ circuit: 'closed', fallbackDecisions: 40 });
  expect(lines).toMatchObject([
    {
      level: 'warn',
      msg: 'the circuit to the shared counters is open',
      reason: 'unplugged',
      mode: 'local',
      processes: 1,
    },
    { level: 'info', msg: 'the circuit to the shared counters is closed again', decisions: 40, seconds: 90 },
  ]);
});

test('the circuit also opens without any call', async () => {
  const { status, pull } = await openPlugged();
  pull();
  await vi.waitFor(() => expect(status().circuit).toBe('open'), 30_000);
});

test('a call that was sent before the circuit opened and fails after it closed does not open it again', async () => {
  const { counters, remote, status, lines, pull, putBack, passes } = await openPlugged();
  const consume = remote.consume;
  let fail = (_error: Error): void => {};
  remote.consume = () =>
    new Promise((_, reject) => {
      fail = reject;
    });
  const late = counters.consume('ws', [], now);
  remote.consume = consume;
  pull();
  await passes(1, 10);
  await putBack();
  fail(new CountersUnavailableError('the connection is closed'));
  await late;
  expect(status().circuit).toBe('closed');
  expect(lines).toHaveLength(2);
});

test('a record that the shared store did not take is kept in the process, also after the outage', async () => {
  const { counters, pull, putBack } = await openPlugged();
  const record = { fingerprint: 'who', response: 'what' };
  expect(await counters.claim('begun before', now)).toBeNull();
  pull();
  await counters.complete('begun before', record, now + 60_000);
  expect(await counters.claim('begun before', now)).toMatchObject(record);
  expect(await counters.claim('begun in it', now)).toBeNull();
  await counters.complete('begun in it', record, now + 60_000);
  expect(await counters.claim('begun in it', now)).toMatchObject(record);
  await putBack();
  expect(await counters.claim('begun before', now)).toMatchObject(record);
  expect(await counters.claim('begun in it', now)).toMatchObject(record);
});

test.each(['complete', 'release'] as const)(
  'a claim without the shared counters changes nothing of a claim in them: %s',
  async (end) => {
    const { counters, remote, pull, putBack } = await openPlugged();
    const theirs = { fingerprint: 'who', response: 'theirs' };
    pull();
    expect(await counters.claim('call', now)).toBeNull();
    await putBack();
    // By another process.
    expect(await remote.claim('call', now)).toBeNull();
    const repeated = remote.claim('call', now);
    if (end === 'release') await counters.release('call');
    else await counters.complete('call', { ...theirs, response: 'ours' }, now + 60_000);
    await remote.complete('call', theirs, now + 60_000);
    expect(await repeated).toMatchObject(theirs);
  },
);

test('closed ones send no heartbeat, and have closed the shared ones', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const remote = pluggedCounters();
    let beats = 0;
    let isClosed = false;
    const watched: RemoteCounters = {
      ...remote,
      async heartbeat() {
        beats++;
        return 1;
      },
      async close() {
        isClosed = true;
        await remote.close();
      },
    };
    const log = createLog({ level: 'silent' });
    const options = { remote: watched, mode: 'local', log, clock: { now: () => now } } as const;
    const { counters } = await withCircuitBreaker(options);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(beats).toBeGreaterThan(5);
    await counters.close();
    const before = beats;
    await vi.advanceTimersByTimeAsync(60_000);
    expect({ beats, isClosed }).toEqual({ beats: before, isClosed: true });
  } finally {
    vi.useRealTimers();
  }
});
