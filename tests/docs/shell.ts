import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that looks like a checkout, in which a reader types the commands of a page. */
export interface Shell {
  readonly folder: string;
  /** The environment of the commands; of this process they get only PATH. */
  readonly env: Record<string, string>;
  /** Rejects with all output when it fails. */
  run(commands: string): Promise<string>;
  /** Runs `program` with Node, as a module in the folder. */
  runModule(program: string): Promise<string>;
  /** Commands of which the last one serves; resolves once it listens. */
  serve(commands: string): Promise<void>;
  /** The output of the server, once it contains the text. */
  output(text: string): Promise<string>;
  /** Sends SIGTERM to the server; resolves when it has ended. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

const timeoutMs = 60_000;

/** `unkey` is a command in it. */
export async function openShell(root: string): Promise<Shell> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-docs-'));
  for (const name of await readdir(root)) {
    if (name !== 'data' && name !== '.git') await symlink(join(root, name), join(folder, name));
  }
  await mkdir(join(folder, '.bin'));
  const program = `#!/bin/sh\nexec node "${root}/packages/cli/dist/main.js" "$@"\n`;
  await writeFile(join(folder, '.bin/unkey'), program, { mode: 0o755 });
  const env: Record<string, string> = {
    PATH: `${join(folder, '.bin')}:${process.env.PATH}`,
    HOME: folder,
    LOG_LEVEL: 'warn',
  };
  let serving: Running | null = null;

  const stop = async (): Promise<void> => {
    await serving?.end();
    serving = null;
  };
  const run = async (commands: string): Promise<string> => {
    const running = start(folder, env, commands);
    const status = await running.ended;
    if (status === 0) return running.output();
    throw new Error(`Status ${status}:\n${commands}\n${running.output()}`);
  };

  return {
    folder,
    env,
    run,
    async runModule(program) {
      await writeFile(join(folder, 'program.mjs'), program);
      return run('node program.mjs');
    },
    async serve(commands) {
      await stop();
      serving = start(folder, env, commands);
      await serving.said('listens on');
    },
    async output(text) {
      if (serving === null) throw new Error('Nothing serves.');
      await serving.said(text);
      return serving.output();
    },
    stop,
    async remove() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  output(): string;
  /** Rejects with all output if it ends before. */
  said(text: string): Promise<void>;
  readonly ended: Promise<number | null>;
  end(): Promise<void>;
}

function start(cwd: string, env: Readonly<Record<string, string>>, commands: string): Running {
  // A separate process group, so that processes started by the commands end with them.
  const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let onOutput = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onOutput();
    });
  }
  const timer = setTimeout(() => signal(child, 'SIGKILL'), timeoutMs);
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (status) => {
      clearTimeout(timer);
      resolve(status);
      onOutput();
    });
  });
  return {
    output: () => output,
    ended,
    said: (text) =>
      new Promise((resolve, reject) => {
        onOutput = () => {
          if (output.includes(text)) resolve();
          else if (child.exitCode !== null || child.signalCode !== null) {
            reject(new Error(`It ended before it said '${text}':\n${commands}\n${output}`));
          }
        };
        onOutput();
      }),
    async end() {
      signal(child, 'SIGTERM');
      await ended;
    },
  };
}

function signal({ pid, exitCode, signalCode }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, name);
}
