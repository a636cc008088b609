import { hash } from 'node:crypto';
import { createApp, createLog, loadConfig } from '@unkey-ts/server';
import { bodyAt } from './bodies.ts';
import { rootKey, serviceEnv } from './measured-process.ts';
import { type Call, prepareWorkload, type Workload, type WorkloadName } from './workloads.ts';

/** What is to be done, in a process of its own; JSON in its first argument. */
export interface InProcessPlan {
  /** Where the service has its data. */
  readonly folder: string;
  readonly workloads: readonly WorkloadName[];
  /** Requests of other services are not part of what is measured: those are not recorded. Default: they are. */
  readonly isRecorded: boolean;
  /** Rounds in which CPU is measured, and calls in each of them. */
  readonly rounds: number;
  readonly calls: number;
  /** Calls after which the heap is looked at; 0: it is not. They must not use up the young generation. */
  readonly heapCalls: number;
}

/** JSON that it prints. */
export interface InProcessSpent {
  /** Of the reference work, round by round: microseconds of the process's CPU for one time of it. */
  readonly reference: readonly number[];
  readonly workloads: Readonly<Record<string, WorkSpent>>;
}

export interface WorkSpent {
  /** Microseconds of the process's CPU for a request, round by round. */
  readonly cpu: readonly number[];
  /** Bytes of the heap that a request uses up; not a number where that was not looked at. */
  readonly heapBytes: number;
}

/** As many as arrive in one turn of the event loop when it is busy. */
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
        // A new text each time, as it comes from a socket.
        authorization: bearer.toString('latin1'),
        'content-type': 'application/json',
        ...(!isRecorded && { 'x-unkey-metrics': 'disabled' }),
      },
      body,
      peer: '127.0.0.1',
    });
  const call: Call = async (operation, body) => {
    const answer = await ask(`/v2/${operation}`, Buffer.from(JSON.stringify(body)));
    if (answer.status !== 200) throw new Error(`${operation} answered ${answer.status}: ${answer.body}`);
    return String(answer.body);
  };

  const doer = ({ operation, bodies, expected }: Workload) => {
    const path = `/v2/${operation}`;
    const bytes = Array.from({ length: 100 }, (_, index) => Buffer.from(bodyAt(bodies, index)));
    const look = ({ status, body }: Awaited<ReturnType<typeof ask>>) => {
      if (status !== 200 || !String(body).includes(expected))
        throw new Error(`${path} answered ${status}: ${body}`);
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

/** The least of several: a collection in between makes it too little by far, and is told by that. */
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
 * What each verification does in the end, without a service around it: it says how fast this machine is just now at
 * work of this kind. It must stay as it is: the committed baseline is a multiple of it.
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
