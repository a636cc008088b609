import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built command; a run of the tests builds it first. */
export const unkeyFile = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

/** Runs it: this Node, or the Bun of UNKEY_TEST_BUN. */
export const runtime = process.env.UNKEY_TEST_BUN || process.execPath;

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

/** Runs `unkey` to its end; of this process's environment it gets only PATH. */
export function runUnkey(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return run(runtime, [unkeyFile, ...words], options);
}

export function run(program: string, words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(program, words, { env: environment(options.env), cwd: options.cwd });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  // A program that does not read its input may have closed it before anything is written.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
}

export function environment(env: RunOptions['env']): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, ...env };
}
