import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OperationId } from '@unkey-ts/contract';
import type { Usage } from './report-usage.ts';

/** A server in a process of its own, which tells what it uses. */
export interface MeasuredProcess {
  readonly url: string;
  usage(of: 'cpu' | 'memory'): Promise<Usage>;
  stop(): Promise<void>;
}

export interface MeasuredService extends MeasuredProcess {
  /** The text of an answer that must be good. */
  call(operation: OperationId, body: unknown): Promise<string>;
}

/** Known to every process of the service. */
export const rootKey = `unkey_${randomBytes(16).toString('hex')}`;
const masterKey = randomBytes(32).toString('base64');
const command = resolve('packages/cli/dist/main.js');

/** A folder for data that is removed at the end. */
export async function newFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'unkey-ts-bench-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** `unkey serve` as it is shipped, on a data folder or on what `env` names. */
export async function startService(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<MeasuredService> {
  const started = await startMeasured(command, ['serve', '--port', '0', '--data-dir', folder], {
    cwd: folder,
    env: { PATH: process.env.PATH, UNKEY_ROOT_KEY: rootKey, UNKEY_MASTER_KEY: masterKey, ...env },
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
      if (response.status !== 200) throw new Error(`${operation} answered ${response.status}: ${text}`);
      return text;
    },
  };
}

/** A `node:http` server that reads a body and answers `/2` with the third text. */
export function startBareHandler(answers: readonly string[]): Promise<MeasuredProcess> {
  const file = fileURLToPath(new URL('bare-handler.js', import.meta.url));
  return startMeasured(file, [JSON.stringify(answers)], { env: { PATH: process.env.PATH } });
}

async function startMeasured(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env: NodeJS.ProcessEnv },
): Promise<MeasuredProcess> {
  const preload = new URL('report-usage.js', import.meta.url).href;
  const execArgv = ['--expose-gc', '--import', preload];
  const child = fork(file, args, { ...options, execArgv, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
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
