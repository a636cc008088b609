import { hash } from 'node:crypto';
import { createApp, createLog, loadConfig } from '@unkey-ts/server';
import { bodyAt } from './bodies.ts';
import { rootKey, serviceEnv } from './measured-process.ts';
import { type Call, prepareWorkload, type Workload, type WorkloadName } from './workloads.ts';

/** The work of this process; JSON in its first argument. */
export interface InProcessPlan {
  /** Data folder of the service. */
  readonly folder: string;
  readonly workloads: readonly WorkloadName[];
  /** Whether the service records events. Default true. */
  readonly isRecorded: boolean;
  /** Number of measured rounds, and of calls in each round. */
  readonly rounds: number;
  readonly calls: number;
  /** Calls between two readings of the heap; 0: no readings. Their allocations must fit in the young generation. */
  readonly heapCalls: number;
}

/** The JSON that this process prints. */
export interface InProcessSpent {
  /** CPU microseconds of one unit of the reference work, per round. */
  readonly reference: readonly number[];
  readonly workloads: Readonly<Record<string, WorkSpent>>;
}

export interface WorkSpent {
  /** CPU microseconds of a request, per round. */
  readonly cpu: readonly number[];
  /** Heap bytes allocated per request; NaN if not measured. */
  readonly heapBytes: number;
}

/** Number of requests in one turn of a busy event loop. */
const atOnce = 64;
const warmUpCalls = 30_000;

async function measure(plan: InProcessPlan): Promise<InProcessSpent> {
  const config = loadConfig({
    flags: { 'data-dir': plan.folder },
    env: { ...serviceEnv, LOG_LEVEL: 'warn' },
    cwd: plan.folder,
  });
  const app = await createApp({ config, log: createLog({ level: config.logLevel }) });
  const bearer = Buffer.from(`Bearer ${rootKey}`);
  const ask = (path: string, body: Uint8Array, isRecorded = plan.isRecorded) =>
    app.handle({
      method: 'POST',
      path,
      headers: {
        // A new string each time, like one from a socket.
        authorization: bearer.toString('latin1'),
        'content-type': 'application/json',
        ...(!isRecorded && { 'x-unkey-metrics': 'disabled' }),
      },
      body,
      peer: '127.0.0.1',
    });
  const call: Call = async (operation, body) => {
    const answer = await ask(`/v2/${operation}`, Buffer.from(JSON.stringify(body)));
    if (answer.status !== 200) throw new Error(`${operation} returned ${answer.status}: ${answer.body}`);
    return String(answer.body);
  };

  const doer = ({ operation, bodies, expected }: Workload) => {
    const path = `/v2/${operation}`;
    const bytes = Array.from({ length: 100 }, (_, index) => Buffer.from(bodyAt(bodies, index)));
    const look = ({ status, body }: Awaited<ReturnType<typeof ask>>) => {
      if (status !== 200 || !String(body).includes(expected))
        throw new Error(`${path} returned ${status}: ${body}`);
    };
    return async (calls: number) => {
      for (let left = calls; left > 0; left -= atOnce) {
        const waiting: Promise<Parameters<typeof look>[0]>[] = [];
        for (let number = Math.min(left, atOnce); number > 0; number--) {
          const answer = ask(path, bytes[(left + number) % bytes.length] ?? Buffer.alloc(0));
          if (answer instanceof Promise) waiting.push(answer);
          else look(answer);
        }
        for (const answer of waiting) look(await answer);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
  };

  const reference: number[] = [];
  const workloads: Record<string, WorkSpent> = {};
  referenceWork(warmUpCalls);
  for (const name of plan.workloads) {
    const work = doer(await prepareWorkload(name, call));
    await work(warmUpCalls);
    const cpu: number[] = [];
    for (let round = 0; round < plan.rounds; round++) {
      reference.push(await cpuOf(plan.calls, referenceWork));
      cpu.push(await cpuOf(plan.calls, work));
    }
    workloads[name] = { cpu, heapBytes: await heapOf(plan.heapCalls, work) };
  }
  await app.close();
  return { reference, workloads };
}

async function cpuOf(times: number, work: (times: number) => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work(times);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

/** The minimum of several readings; a garbage collection in between makes a reading far too low and is detected by that. */
async function heapOf(times: number, work: (times: number) => Promise<void>): Promise<number> {
  const values: number[] = [];
  for (let round = 0; times > 0 && round < 5; round++) {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    await work(times);
    values.push((process.memoryUsage().heapUsed - before) / times);
  }
  return times > 0 ? Math.min(...values.filter((value) => value > 0)) : Number.NaN;
}

/**
 * Reference work: the core of a verification without a service around it. It measures the current speed of this machine.
 * Do not change it: the committed baseline is a multiple of it.
 */
function referenceWork(times: number): number {
  let length = 0;
  for (let number = 0; number < times; number++) length += referenceStep(number % 1000);
  return length;
}

function referenceStep(number: number): number {
  const parsed = JSON.parse(referenceText) as { key: string; list: unknown[] };
  const found = referenceMap.get(hash('sha256', `${parsed.key}${number}`, 'base64'));
  parsed.list.push(found);
  return JSON.stringify(parsed).length;
}

const referenceText = JSON.stringify({
  key: 'prod_2kT7mX1vB5n3Zq8w',
  list: [1, 2, { limit: 10, duration: 60_000 }],
  name: 'x'.repeat(50),
});
const referenceMap = new Map(
  Array.from({ length: 1000 }, (_, number) => [
    hash('sha256', `prod_2kT7mX1vB5n3Zq8w${number}`, 'base64'),
    { number },
  ]),
);

const [, , planText] = process.argv;
if (planText !== undefined) console.log(JSON.stringify(await measure(JSON.parse(planText) as InProcessPlan)));
