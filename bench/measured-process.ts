import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OperationId } from '@unkey-ts/contract';
import { pinned } from './cores.ts';
import type { Usage, Wanted } from './report-usage.ts';

/** A server in a process of its own that reports its usage. */
export interface MeasuredProcess {
  readonly url: string;
  usage(of: Wanted): Promise<Usage>;
  stop(): Promise<void>;
}

export interface MeasuredService extends MeasuredProcess {
  /** The text of a response, which must be a success. */
  call(operation: OperationId, body: unknown): Promise<string>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it runs on the core of servers. Default true. */
  readonly isPinned?: boolean;
  /** The bundle of the command, of another build. Default: that of this build. */
  readonly command?: string | undefined;
  /** The program that runs it. Default: this Node. */
  readonly runtime?: Runtime;
}

/** `node`, or the path of a Bun. */
export type Runtime = 'node' | { readonly bun: string };

/** Shared by all processes of the service. */
export const rootKey = `unkey_${randomBytes(16).toString('hex')}`;
const masterKey = randomBytes(32).toString('base64');
export const command = resolve('packages/cli/dist/main.js');

/** Environment of every process of the service. */
export const serviceEnv = {
  PATH: process.env.PATH ?? '',
  UNKEY_ROOT_KEY: rootKey,
  UNKEY_MASTER_KEY: masterKey,
} as const;

/** A temporary data folder, removed at the end. */
export async function newFolder(parent = tmpdir()): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(parent, 'unkey-ts-bench-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** `unkey serve` as it is shipped, on a data folder or on the databases that `env` names. */
export async function startService(folder: string, options: StartOptions = {}): Promise<MeasuredService> {
  const args = [options.command ?? command, 'serve', '--port', '0', '--data-dir', folder];
  const started = await startMeasured(args, {
    ...options,
    cwd: folder,
    env: { ...serviceEnv, ...options.env },
  });
  return {
    ...started,
    async call(operation, body) {
      const response = await fetch(`${started.url}/v2/${operation}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${operation} returned ${response.status}: ${text}`);
      return text;
    },
  };
}

/** The bare handler in this runtime: reads a body and responds to `/2` with the third text. */
export function startBareHandler(
  answers: readonly string[],
  { runtime = 'node', ...options }: StartOptions = {},
): Promise<MeasuredProcess> {
  const file = runtime === 'node' ? 'bare-handler.js' : 'bare-bun-handler.js';
  const args = [fileURLToPath(new URL(file, import.meta.url)), JSON.stringify(answers)];
  return startMeasured(args, { ...options, runtime, env: { PATH: process.env.PATH ?? '' } });
}

async function startMeasured(
  args: readonly string[],
  options: StartOptions & { readonly cwd?: string; readonly env: NodeJS.ProcessEnv },
): Promise<MeasuredProcess> {
  const { cwd, env, isPinned = true, runtime = 'node' } = options;
  const preload = fileURLToPath(new URL('report-usage.js', import.meta.url));
  const whole: [string, ...string[]] =
    runtime === 'node'
      ? [process.execPath, '--expose-gc', '--import', preload, ...args]
      : [runtime.bun, '--preload', preload, ...args];
  const [program, ...rest] = whole;
  const [started, startedArgs] = isPinned ? pinned('server', whole) : [program, rest];
  const child = spawn(started, startedArgs, {
    env,
    ...(cwd !== undefined && { cwd }),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = await urlSaid(child);
  return {
    url,
    async usage(of) {
      child.send(of);
      const [usage] = (await once(child, 'message')) as [Usage];
      return usage;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function urlSaid(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => reject(new Error(`A server ended with ${status} before it listened.`)));
    child.stdout?.on('data', (text: Buffer) => {
      said = `${said}${text}`.slice(-10_000);
      const url = /listens on (\S+),/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}
