import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Benchmark } from './benchmark.ts';
import { command, newFolder, serviceEnv } from './measured-process.ts';
import { interleave, median, medianRatio } from './rounds.ts';
import { withStarted } from './started.ts';

const rounds = 15;

export const startUp: Benchmark = {
  name: 'start',
  title: `milliseconds from the start of the process to its first response over HTTP; medians of ${rounds}`,
  run: (report) =>
    withStarted(async (started) => {
      const existing = await started.folder();
      const maker = await started.service({ folder: existing });
      await maker.stop();
      const times = await interleave(
        {
          node: emptyNode,
          empty: async () => {
            const folder = await newFolder();
            const time = await firstAnswer(folder.path);
            await folder.remove();
            return time;
          },
          existing: () => firstAnswer(existing),
        },
        rounds,
      );
      const baseline = { what: 'a Node that does nothing', value: median(times.node) };
      report({ what: 'a Node that does nothing, to its end', value: baseline.value, unit: 'ms' });
      for (const [what, values] of [
        ['first response, empty store', times.empty] as const,
        ['first response, existing store', times.existing] as const,
      ]) {
        report({
          what,
          value: median(values),
          unit: 'ms',
          baseline,
          ratio: medianRatio(values, times.node),
        });
      }
    }),
};

async function emptyNode(): Promise<number> {
  const startedAt = performance.now();
  await once(spawn(process.execPath, ['--eval', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - startedAt;
}

async function firstAnswer(folder: string): Promise<number> {
  const startedAt = performance.now();
  const args = [command, 'serve', '--port', '0', '--data-dir', folder];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: serviceEnv,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exit = once(child, 'exit');
  let said = '';
  for await (const text of child.stdout) {
    said += text;
    const url = /listens on (\S+),/.exec(said)?.[1];
    if (url === undefined) continue;
    const answer = await fetch(`${url}/v2/liveness`);
    if (answer.status !== 200) throw new Error(`The first response was ${answer.status}.`);
    break;
  }
  const time = performance.now() - startedAt;
  child.kill('SIGTERM');
  await exit;
  return time;
}
