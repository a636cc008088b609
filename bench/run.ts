import { type Benchmark, lineOf } from './benchmark.ts';
import { clientCall } from './client-call.ts';
import { clientImport } from './client-import.ts';
import { clientSize } from './client-size.ts';
import { clientTypes } from './client-types.ts';
import { serviceMemory } from './service-memory.ts';
import { serviceSpeed } from './service-speed.ts';

const benchmarks: readonly Benchmark[] = [
  clientSize,
  clientImport,
  clientCall,
  clientTypes,
  serviceMemory,
  serviceSpeed,
];

/** Runs those that are named, by their whole names or by the first word of them; all without a name. */
async function main(wanted: readonly string[]): Promise<void> {
  const isWanted = ({ name }: Benchmark) =>
    wanted.length === 0 || wanted.some((word) => name === word || name.startsWith(`${word}-`));
  const chosen = benchmarks.filter(isWanted);
  if (chosen.length === 0) {
    const names = benchmarks.map(({ name }) => name).join(', ');
    throw new Error(`No benchmark is called ${wanted.join(', ')}. There are: ${names}.`);
  }
  for (const { name, title, run } of chosen) {
    console.log(`${name}: ${title}`);
    await run((figure) => console.log(lineOf(figure)));
  }
}

await main(process.argv.slice(2));
