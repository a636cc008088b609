import { version } from '@unkey-ts/contract';
import type { TestUnkey } from '@unkey-ts/emulator';
import type { Command, Invocation } from './command.ts';
import { nextStopSignal } from './stop-signal.ts';

export const emulateCommand: Command = {
  group: null,
  name: 'emulate',
  summary: 'Run the service in memory, with a clock and faults of your own: for tests.',
  details: [
    'Nothing is kept: data, time and faults are as at the start after POST /emulator/reset.',
    'Its root key is the same everywhere and no secret, so do not let others reach the port.',
    'Control it with /emulator/clock, /emulator/faults, /emulator/requests and /emulator/reset; docs/testing.md has them.',
  ].join('\n'),
  arguments: [],
  flags: {
    host: { kind: 'text', value: 'HOST', description: 'Address to listen on. Default: 127.0.0.1.' },
    port: {
      kind: 'text',
      value: 'PORT',
      description: 'Port to listen on; 0 picks a free one. Default: 7071.',
    },
    seed: { kind: 'text', value: 'FILE', description: 'What exists at the start: a YAML or JSON file.' },
    now: { kind: 'text', value: 'TIME', description: 'What time it is, in ISO 8601. Default: the present.' },
    frozen: { kind: 'switch', description: 'Time stands still until it is moved. Default: it passes.' },
    determinism: {
      kind: 'text',
      value: 'TEXT',
      description: 'Ids and keys follow from this text. Default: random.',
    },
  },
  run: emulate,
};

async function emulate({ args, print }: Invocation): Promise<null> {
  const { createTestUnkey } = await import('@unkey-ts/emulator');
  const [now, seed, determinism] = [args.text('now'), args.text('seed'), args.text('determinism')];
  const unkey = await createTestUnkey({
    clock: args.isOn('frozen') ? 'standing' : 'running',
    ...(now !== undefined && { now }),
    ...(seed !== undefined && { seed }),
    ...(determinism !== undefined && { determinism }),
  });
  const { url } = await listenOrClose(unkey, {
    host: args.text('host') ?? '127.0.0.1',
    port: args.wholeNumber('port') ?? 7071,
  });
  const stopSignal = nextStopSignal();
  print(
    [
      `unkey-ts ${version} emulates the service on ${url}: in memory, for tests only`,
      `root key ${unkey.rootKey}`,
      `time ${new Date(unkey.clock.now()).toISOString()}${args.isOn('frozen') ? ', standing still' : ''}`,
      '',
    ].join('\n'),
  );
  await stopSignal;
  await unkey.close();
  return null;
}

async function listenOrClose(
  unkey: TestUnkey,
  address: { readonly host: string; readonly port: number },
): Promise<{ url: string }> {
  try {
    return await unkey.listen(address);
  } catch (error) {
    await unkey.close();
    throw error;
  }
}
