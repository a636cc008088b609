import { version } from '@unkey-ts/contract';
import type { Diagnosis } from '@unkey-ts/server';
import { columns } from './columns.ts';
import type { Command, Invocation, Output } from './command.ts';
import { configFlags, configFlagsOf } from './config-flags.ts';
import { onOneLine } from './terminal-text.ts';

const oldestNode = [20, 19] as const;

export const doctorCommand: Command = {
  group: null,
  name: 'doctor',
  summary: 'Check versions, settings, data folder, database, Redis and clocks.',
  details: [
    'One line for each part. It changes nothing and may run beside the server.',
    'Give the flags that `unkey serve` gets. The exit status is 1 if a part failed; warnings do not count.',
  ].join('\n'),
  arguments: [],
  flags: configFlags,
  run: doctor,
};

async function doctor({ args, env, cwd }: Invocation): Promise<Output> {
  const server = await import('@unkey-ts/server');
  const sources = { flags: configFlagsOf(args), env, cwd };
  const { problems } = server.describeConfig(sources);
  const diagnoses: readonly Diagnosis[] = [
    checkRuntime(process.versions.node),
    ...(problems.length === 0
      ? [{ part: 'settings', state: 'ok', text: 'valid' } as const]
      : problems.map((text) => ({ part: 'settings', state: 'failed', text }) as const)),
    // Without valid settings it is not known what to look at.
    ...(problems.length === 0 ? await server.diagnose(server.loadConfig(sources), server.systemClock) : []),
  ];
  return {
    json: diagnoses,
    text: columns(diagnoses.map(({ state, part, text }) => [state, part, onOneLine(text)])),
    isFailure: diagnoses.some(({ state }) => state === 'failed'),
  };
}

/** Bun reports the version of Node that it is compatible with. */
function checkRuntime(node: string): Diagnosis {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const isSupported = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  const found = `unkey-ts ${version}, Node ${node}, ${process.platform} ${process.arch}`;
  if (isSupported) return { part: 'versions', state: 'ok', text: found };
  return {
    part: 'versions',
    state: 'failed',
    text: `${found}. Node ${oldestNode.join('.')} or newer is required.`,
  };
}
