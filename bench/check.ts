import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exampleAnswers } from './compare.ts';
import { spentInProcess } from './in-process.ts';
import { type Load, startLoad } from './load.ts';
import { type MeasuredProcess, rootKey } from './measured-process.ts';
import { type Started, withStarted } from './started.ts';
import { prepareWorkload, type Workload, type WorkloadName } from './workloads.ts';

// The guard: the cost of a verification and of a limit, as a multiple of fixed reference work measured in the same run,
// and in bytes. Noise only increases a measurement, so each multiple compares the minima of both. Several processes are
// measured, because their compiled code differs slightly; a result above the margin is measured in more processes first.

/** How much a figure may exceed the baseline. Noise only increases a figure, so it cannot hide a regression. */
const margin = 0.2;
/** A result closer to the margin than this is measured in more processes. */
const nearness = 0.05;
const attempts = { least: 3, most: 8 } as const;

const guarded: readonly WorkloadName[] = ['plain', 'two limits, credits', 'limit'];
/** Short enough to run between two interruptions by other programs. */
const inProcess = { rounds: 120, calls: 192 } as const;
const overHttp = { rounds: 80, requests: 320, connections: 32 } as const;
/** Everything that they allocate fits in the young generation. */
const heapCalls = 4000;

/** By name: a multiple or a number of bytes. */
type Figures = Record<string, number>;
/** One baseline for each major version of Node. */
type Baselines = Record<string, Figures>;

const baselineFile = fileURLToPath(new URL('../../bench/baseline.json', import.meta.url));
const [version = ''] = process.versions.node.split('.');

async function main(args: readonly string[]): Promise<void> {
  const baselines: Baselines = existsSync(baselineFile) ? JSON.parse(readFileSync(baselineFile, 'utf8')) : {};
  const isAccepting = args.includes('--accept');
  const baseline = isAccepting ? undefined : baselines[version];
  const figures = await withStarted((started) => leastFigures(started, baseline));
  for (const [name, value] of Object.entries(figures)) console.log(lineOf(name, value, baseline?.[name]));
  const where = relative(process.cwd(), baselineFile);
  if (isAccepting) {
    writeFileSync(baselineFile, `${JSON.stringify({ ...baselines, [version]: figures }, null, 2)}\n`);
    console.log(`Written to ${where} as the baseline of Node ${version}.`);
    return;
  }
  if (baseline === undefined) {
    console.log(`${where} has no baseline for Node ${version}: nothing was compared.`);
    return;
  }
  const dearer = Object.keys(baseline).filter((name) => isBeyond(figures, baseline, name, margin));
  if (dearer.length === 0) {
    console.log(`No figure is more than ${margin * 100} % above its baseline in ${where}.`);
    return;
  }
  console.log(
    `More than ${margin * 100} % above the baseline in ${where}: ${dearer.join('; ')}.\n` +
      'Profile what the last changes have put on this path (`node --cpu-prof`), and take it off again. Is it worth its\n' +
      'price, `npm run bench:check -- --accept` makes it the baseline; say why in the commit.',
  );
  process.exitCode = 1;
}

async function leastFigures(started: Started, baseline: Figures | undefined): Promise<Figures> {
  const load = startLoad();
  started.onStop(load.stop);
  const least: Figures = await heapFigures(started);
  const http = { service: Number.POSITIVE_INFINITY, bare: Number.POSITIVE_INFINITY };
  const isNear = (name: string) => isBeyond(least, baseline ?? {}, name, margin - nearness);
  for (let attempt = 1; attempt <= attempts.most; attempt++) {
    for (const [name, value] of Object.entries(await inProcessFigures(started))) {
      least[name] = Math.min(value, least[name] ?? Number.POSITIVE_INFINITY);
    }
    await lessenOverHttp(http, load);
    least['verify plain over HTTP, × a bare handler'] = http.service / http.bare;
    // A baseline that is too high hides regressions, so it uses all attempts.
    const isClear = baseline !== undefined && !Object.keys(baseline).some(isNear);
    if (attempt >= attempts.least && isClear) break;
  }
  return least;
}

function isBeyond(figures: Figures, baseline: Figures, name: string, part: number): boolean {
  // A figure that is no longer measured is a failure.
  return (figures[name] ?? Number.POSITIVE_INFINITY) > (baseline[name] ?? 0) * (1 + part);
}

async function inProcessFigures(started: Started): Promise<Figures> {
  const folder = await started.folder(memoryFolder);
  const spent = await spentInProcess({
    folder,
    workloads: guarded,
    isRecorded: false,
    ...inProcess,
    heapCalls: 0,
  });
  const reference = Math.min(...spent.reference);
  return Object.fromEntries(
    Object.entries(spent.workloads).map(([name, { cpu }]) => [
      `${nameOf(name)}, × the reference work`,
      Math.min(...cpu) / reference,
    ]),
  );
}

/** Bytes hardly vary between runs: one process is enough. */
async function heapFigures(started: Started): Promise<Figures> {
  const folder = await started.folder(memoryFolder);
  const plan = { folder, workloads: guarded, isRecorded: false, rounds: 0, calls: 0, heapCalls };
  const { workloads } = await spentInProcess(plan);
  return Object.fromEntries(
    Object.entries(workloads).map(([name, { heapBytes }]) => [
      `${nameOf(name)}, bytes of the heap`,
      heapBytes,
    ]),
  );
}

/**
 * CPU time of a request, for the service and for a bare handler. They run in two processes that are rarely undisturbed
 * at the same time, so each one has its minimum over all attempts.
 */
function lessenOverHttp(least: { service: number; bare: number }, load: Load): Promise<void> {
  return withStarted(async (started) => {
    const service = await started.service({ folder: await started.folder(memoryFolder) });
    const workload = await prepareWorkload('plain', service.call);
    const bare = await started.bareHandler(await exampleAnswers(service, [workload]));
    for (let round = 0; round < overHttp.rounds; round++) {
      const ofService = await cpuOver(load, service, `/v2/${workload.operation}`, workload);
      const ofBare = await cpuOver(load, bare, '/0', workload);
      least.service = Math.min(least.service, ofService);
      least.bare = Math.min(least.bare, ofBare);
    }
  });
}

async function cpuOver(load: Load, server: MeasuredProcess, path: string, workload: Workload) {
  const { requests, connections } = overHttp;
  const before = await server.usage('cpu');
  const { bodies, expected } = workload;
  await load.run({
    url: server.url,
    path,
    rootKey,
    bodies,
    requests,
    connections,
    expected,
    perSecond: null,
  });
  const after = await server.usage('cpu');
  return (after.cpuMicroseconds - before.cpuMicroseconds) / requests;
}

/** On a file system where a sync is free: the cost of the disk is not measured here. */
const memoryFolder = existsSync('/dev/shm') ? '/dev/shm' : undefined;

function nameOf(workload: string): string {
  return workload === 'limit' ? workload : `verify ${workload}`;
}

function lineOf(name: string, value: number, baseline: number | undefined): string {
  const shown = (figure: number) => (figure < 1000 ? figure.toFixed(2) : Math.round(figure).toString());
  const line = `  ${name.padEnd(60)} ${shown(value).padStart(8)}`;
  if (baseline === undefined) return line;
  const change = (value / baseline - 1) * 100;
  return `${line}   baseline ${shown(baseline).padStart(8)}   ${change < 0 ? '' : '+'}${change.toFixed(1)} %`;
}

await main(process.argv.slice(2));
