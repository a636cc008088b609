import { table } from './columns.ts';
import type { Command, Invocation, Output } from './command.ts';
import { configFlags, configFlagsOf } from './config-flags.ts';

export const configCommand: Command = {
  group: null,
  name: 'config',
  summary: 'Show every setting and where it comes from; secrets are hidden.',
  details: 'Give the flags that `unkey serve` gets. The exit status is 1 if a setting is not valid.',
  arguments: [],
  flags: configFlags,
  run: showConfig,
};

async function showConfig({ args, env, cwd }: Invocation): Promise<Output> {
  const { describeConfig } = await import('@unkey-ts/server');
  const { settings, problems } = describeConfig({ flags: configFlagsOf(args), env, cwd });
  return {
    json: { settings, problems },
    text: table(
      ['setting', 'value', 'from'],
      settings.map(({ variable, value, source }) => [variable, value, source]),
    ),
    warnings: problems,
    isFailure: problems.length > 0,
  };
}
