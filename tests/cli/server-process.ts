import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { OperationId } from '@unkey-ts/contract';
import { post, type Reply } from '../service.ts';
import { environment, runtime, unkeyFile } from './run-unkey.ts';

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** All of standard output up to now. */
  output(): string;
  /** Resolves once standard output holds the text. */
  said(text: string): Promise<void>;
  /** The root key of a first start, from the file that it named. */
  rootKey(): string;
  call(operation: OperationId, body: unknown, rootKey?: string): Promise<Reply>;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerOptions {
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Of the root key when this is not a first start. */
  readonly rootKey?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** Runs this program instead of the built command. */
  readonly program?: string;
  /** A POSIX shell's commands before the server takes the shell's place. */
  readonly shellSetup?: string;
}

const running = new Set<ChildProcess>();

/** Starts `unkey serve` as a process on a free port; resolves once it listens. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const port = String(options.port ?? 0);
  const serve = [
    runtime,
    options.program ?? unkeyFile,
    'serve',
    '--port',
    port,
    '--data-dir',
    options.dataDir,
  ];
  const child = spawn('sh', ['-c', `${options.shellSetup ?? ':'}; exec "$@"`, 'sh', ...serve], {
    env: environment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (status, signal) => {
      running.delete(child);
      resolve({ status, signal });
    });
  });
  const output = collect(child);
  await output.until('listens on', ended);
  const url = /listens on (\S+), data in/.exec(output.text())?.[1] ?? '';
  const rootKey = () => options.rootKey ?? savedRootKey(output.text()) ?? '';
  return {
    url,
    pid: child.pid ?? 0,
    output: output.text,
    said: (text) => output.until(text, ended),
    rootKey,
    call: (operation, body, key) => post(`${url}/v2/${operation}`, body, { rootKey: key ?? rootKey() }),
    signal: (signal) => void child.kill(signal),
    ended,
  };
}

/** Kills the servers that a test has left running, and waits for their end. */
export async function endServers(): Promise<void> {
  await Promise.all(
    [...running].map(
      (child) =>
        new Promise((resolve) => {
          child.once('close', resolve);
          child.kill('SIGKILL');
        }),
    ),
  );
}

function savedRootKey(output: string): string | undefined {
  const path = /^ {2}(\/.*root\S*\.key)$/m.exec(output)?.[1];
  return path && readFileSync(path, 'utf8').trim();
}

function collect(child: ChildProcess) {
  let text = '';
  let errors = '';
  const waiting = new Set<() => void>();
  child.stderr?.setEncoding('utf8').on('data', (part) => {
    errors += part;
  });
  child.stdout?.setEncoding('utf8').on('data', (part) => {
    text += part;
    for (const check of waiting) check();
  });
  return {
    text: () => text,
    async until(wanted: string, ended: Promise<Ended>): Promise<void> {
      const said = new Promise<true>((resolve) => {
        const check = () => {
          if (!text.includes(wanted)) return;
          waiting.delete(check);
          resolve(true);
        };
        waiting.add(check);
        check();
      });
      if ((await Promise.race([said, ended])) === true) return;
      throw new Error(`The server ended before it said '${wanted}': ${errors}${text}`);
    },
  };
}
