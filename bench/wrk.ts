import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bodies } from './bodies.ts';
import { isOnPath, pinned } from './cores.ts';

/** Maximum load for a number of seconds; the connections are divided among the servers. */
export interface WrkJob {
  readonly urls: readonly string[];
  readonly path: string;
  readonly rootKey: string;
  readonly bodies: Bodies;
  /** Index of the first body that is sent. */
  readonly from: number;
  readonly connections: number;
  readonly seconds: number;
}

export interface Loaded {
  readonly requests: number;
  readonly perSecond: number;
  /** Latencies in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

const script = fileURLToPath(new URL('../../bench/load.lua', import.meta.url));

/** Maximum load with wrk: each connection sends its next request after the last response. */
export async function maximumLoad(job: WrkJob): Promise<Loaded> {
  if (!isOnPath('wrk')) {
    throw new Error('This benchmark needs wrk: `apt-get install wrk`, or `brew install wrk` on macOS.');
  }
  const file = join(tmpdir(), `unkey-ts-bench-${process.pid}.lua`);
  // A file, because it contains the root key, and every user can read command lines.
  await writeFile(file, luaOf(job), { mode: 0o600 });
  try {
    const threads = job.urls.length;
    const args = [
      `-t${threads}`,
      `-c${job.connections}`,
      `-d${job.seconds}s`,
      '-s',
      script,
      job.urls[0] ?? '',
    ];
    // Several servers are not pinned to a core, and neither is the load.
    const [command, commandArgs] = threads === 1 ? pinned('load', ['wrk', ...args]) : ['wrk', args];
    const env = { ...process.env, WRK_JOB: file };
    const { stdout } = await promisify(execFile)(command, commandArgs, { env });
    return loadedOf(stdout, job.path);
  } finally {
    await rm(file, { force: true });
  }
}

function loadedOf(said: string, path: string): Loaded {
  const result = JSON.parse(said.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>;
  const { requests = 0, microseconds = 0, p50 = 0, p99 = 0, p999 = 0, refused = 0, lost = 0 } = result;
  if (requests === 0 || refused > 0 || lost > 0) {
    throw new Error(
      `${path}: of ${requests} answers ${refused} were refusals; ${lost} requests got none.\n${said}`,
    );
  }
  return {
    requests,
    perSecond: (requests / microseconds) * 1e6,
    p50: p50 / 1000,
    p99: p99 / 1000,
    p999: p999 / 1000,
  };
}

/** The job as a Lua table. */
function luaOf({ urls, path, rootKey, bodies, from }: WrkJob): string {
  const addresses = urls.map((url) => {
    const { hostname, port } = new URL(url);
    return `{ host = ${quoted(hostname)}, port = ${quoted(port)} }`;
  });
  const what =
    'numbered' in bodies
      ? `numbered = { before = ${quoted(bodies.before)}, after = ${quoted(bodies.after)}, ` +
        `digits = ${bodies.digits}, first = ${bodies.numbered.first}, count = ${bodies.numbered.count}, ` +
        `bytes = ${Buffer.byteLength(bodies.before + bodies.after) + bodies.digits} }`
      : `bodies = { ${bodies.map(quoted).join(', ')} }`;
  const where = `addresses = { ${addresses.join(', ')} }, path = ${quoted(path)}, rootKey = ${quoted(rootKey)}`;
  return `return { ${where}, from = ${from}, ${what} }\n`;
}

/** The JSON escapes that occur in these bodies (quotes, backslashes) are valid in Lua, too. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
