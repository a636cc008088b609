import type { Report } from './benchmark.ts';
import { bodyAt } from './bodies.ts';
import { type MeasuredProcess, type MeasuredService, rootKey } from './measured-process.ts';
import { interleave, median, medianRatio } from './rounds.ts';
import type { Workload } from './workloads.ts';
import { type Loaded, maximumLoad } from './wrk.ts';

/** A server under load and its requests. */
export interface Candidate {
  /** One process, or several that share their data. */
  readonly processes: readonly MeasuredProcess[];
  readonly path: string;
  readonly workload: Workload;
}

/** The baseline of the other candidates. */
export const bareName = 'bare handler';

export const connections = 32;
const rounds = 5;
const secondsOfRound = 1;

export interface Spent extends Loaded {
  /** CPU microseconds per request, summed over all processes. */
  readonly cpu: number;
}

const figures = [
  { what: 'CPU', unit: 'µs', of: ({ cpu }: Spent) => cpu },
  { what: 'a second', unit: '', of: ({ perSecond }: Spent) => perSecond },
  { what: 'p50', unit: 'ms', of: ({ p50 }: Spent) => p50 },
  { what: 'p99', unit: 'ms', of: ({ p99 }: Spent) => p99 },
  { what: 'p99.9', unit: 'ms', of: ({ p999 }: Spent) => p999 },
] as const;

/** Describes how `compare` measures, for a title. */
export const howCompared =
  `${connections} connections on loopback at maximum load; medians of ${rounds} rounds of ` +
  `${secondsOfRound} s; CPU is that of the server's process, all its threads`;

/** Measures all candidates in turn under the same load. The first one is the baseline. */
export async function compare(
  name: string,
  candidates: Readonly<Record<string, Candidate>>,
  report: Report,
): Promise<Readonly<Record<string, readonly Spent[]>>> {
  const spent = await interleave(
    Object.fromEntries(Object.entries(candidates).map(([label, candidate]) => [label, roundsOf(candidate)])),
    rounds,
  );
  const [baseName = '', ...others] = Object.keys(candidates);
  const bases = spent[baseName] ?? [];
  for (const { what, unit, of } of figures) {
    const baseline = { what: baseName, value: rounded(median(bases.map(of)), unit) };
    report({ what: `${name}, ${baseName}, ${what}`, value: baseline.value, unit });
    for (const label of others) {
      const values = (spent[label] ?? []).map(of);
      const ratio = medianRatio(values, bases.map(of));
      const value = rounded(median(values), unit);
      report({ what: `${name}, ${label}, ${what}`, value, unit, baseline, ratio });
    }
  }
  return spent;
}

/** A service as a candidate. */
export function asked(workload: Workload, ...processes: readonly MeasuredProcess[]): Candidate {
  return { processes, path: `/v2/${workload.operation}`, workload };
}

/** The responses of the service to each kind of request: the texts for a bare handler. */
export function exampleAnswers(service: MeasuredService, workloads: readonly Workload[]): Promise<string[]> {
  return Promise.all(
    workloads.map(({ operation, bodies }) => service.call(operation, JSON.parse(bodyAt(bodies, 0)))),
  );
}

/** The bare handler as a candidate: the same bodies, and the response of that index. */
export function askedBare(bare: MeasuredProcess, answer: number, workload: Workload): Candidate {
  return { processes: [bare], path: `/${answer}`, workload };
}

/** A count is an integer. */
function rounded(value: number, unit: string): number {
  return unit === '' ? Math.round(value) : value;
}

/** One round per call. One response before and one after the round are checked. */
function roundsOf(candidate: Candidate): () => Promise<Spent> {
  const { processes, path, workload } = candidate;
  const urls = processes.map(({ url }) => url);
  let sent = 0;
  return async () => {
    await look(candidate);
    const before = await cpuOf(processes);
    const loaded = await maximumLoad({
      urls,
      path,
      rootKey,
      bodies: workload.bodies,
      from: sent,
      connections,
      seconds: secondsOfRound,
    });
    const cpu = (await cpuOf(processes)) - before;
    // Each connection may have sent one more request that is not answered yet.
    sent += loaded.requests + connections;
    await look(candidate);
    return { ...loaded, cpu: cpu / loaded.requests };
  };
}

async function look({ processes, path, workload }: Candidate): Promise<void> {
  for (const { url } of processes) {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
      body: bodyAt(workload.bodies, 0),
    });
    const text = await response.text();
    if (response.status === 200 && text.includes(workload.expected)) continue;
    throw new Error(`${path} returned ${response.status}: ${text}`);
  }
}

async function cpuOf(processes: readonly MeasuredProcess[]): Promise<number> {
  const usages = await Promise.all(processes.map((process) => process.usage('cpu')));
  return usages.reduce((sum, { cpuMicroseconds }) => sum + cpuMicroseconds, 0);
}
