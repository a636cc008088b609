import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Benchmark, type Figure, lineOf } from './benchmark.ts';
import { bunVerify } from './bun-verify.ts';
import { clientCall } from './client-call.ts';
import { clientImport } from './client-import.ts';
import { clientSize } from './client-size.ts';
import { clientTypes } from './client-types.ts';
import { sayCores } from './cores.ts';
import { emulator } from './emulator.ts';
import { imports } from './imports.ts';
import { inProcess } from './in-process.ts';
import { latency } from './latency.ts';
import { meanwhile } from './meanwhile.ts';
import { memory } from './memory.ts';
import { millionKeys } from './million-keys.ts';
import { requestBenchmarks } from './requests.ts';
import { sharedData } from './shared-data.ts';
import { spends } from './spends.ts';
import { startUp } from './start-up.ts';
import { tenants } from './tenants.ts';
import { verifyEvents } from './verify-events.ts';
import { verifyKeys } from './verify-keys.ts';
import { verifyLimits } from './verify-limits.ts';
import { writeBenchmarks } from './writes.ts';

const benchmarks: readonly Benchmark[] = [
  clientSize,
  clientImport,
  clientCall,
  clientTypes,
  ...requestBenchmarks,
  verifyKeys,
  verifyLimits,
  verifyEvents,
  bunVerify,
  latency,
  meanwhile,
  tenants,
  millionKeys,
  inProcess,
  spends,
  ...writeBenchmarks,
  imports,
  startUp,
  emulator,
  memory,
  sharedData,
];

/** Runs the benchmarks named on the command line, by name or by group; all of them without arguments. */
async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: 'string' } },
    allowPositionals: true,
  });
  const chosen = chosenOf(positionals);
  console.log(sayCores());
  const measured: Record<string, Figure[]> = {};
  for (const { name, title, run } of chosen) {
    console.log(`${name}: ${title}`);
    const figures: Figure[] = [];
    measured[name] = figures;
    await run((figure) => {
      figures.push(figure);
      console.log(lineOf(figure));
    });
    // Written after each benchmark, so that a later failure loses nothing.
    if (values.json !== undefined) {
      writeFileSync(values.json, `${JSON.stringify({ machine: machine(), measured }, null, 2)}\n`);
    }
  }
}

function chosenOf(wanted: readonly string[]): readonly Benchmark[] {
  const isWanted = ({ name }: Benchmark) =>
    wanted.length === 0 || wanted.some((word) => name === word || name.startsWith(`${word}-`));
  const chosen = benchmarks.filter(isWanted);
  if (chosen.length > 0) return chosen;
  const names = benchmarks.map(({ name }) => name).join(', ');
  throw new Error(`No benchmark is called ${wanted.join(', ')}. There are: ${names}.`);
}

function machine() {
  const [processor] = cpus();
  return { processor: processor?.model, cores: cpus().length, node: process.version };
}

await main(process.argv.slice(2));
