import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';

/** Requests to send, always so many at once; the servers and the bodies take turns. */
export interface Job {
  readonly urls: readonly string[];
  readonly path: string;
  readonly rootKey: string;
  readonly bodies: readonly string[];
  readonly requests: number;
  readonly atOnce: number;
  /** What each answer holds; one that does not ends the load. */
  readonly expected: string;
}

export interface Loaded {
  readonly wallMs: number;
  /** Latencies in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Load from another process, so that it takes nothing of the time of who measures. */
export function startLoad(): { run(job: Job): Promise<Loaded>; stop(): void } {
  const child = fork(fileURLToPath(import.meta.url), [asProcess]);
  return {
    async run(job) {
      child.send(job);
      const [result] = (await once(child, 'message')) as [Loaded | { readonly failure: string }];
      if ('failure' in result) throw new Error(result.failure);
      return result;
    },
    stop: () => child.disconnect(),
  };
}

const asProcess = 'send-load';
const pools = new Map<string, Pool>();

async function send({ urls, path, rootKey, bodies, requests, atOnce, expected }: Job): Promise<Loaded> {
  const headers = { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' };
  const latencies: number[] = [];
  let sent = 0;
  const one = async () => {
    while (sent < requests) {
      const number = sent++;
      const body = bodies[number % bodies.length] ?? '';
      const startedAt = performance.now();
      const pool = poolOf(urls[number % urls.length] ?? '');
      const answer = await pool.request({ path, method: 'POST', headers, body });
      const text = await answer.body.text();
      latencies.push(performance.now() - startedAt);
      if (answer.statusCode === 200 && text.includes(expected)) continue;
      throw new Error(`${path} answered ${answer.statusCode}: ${text}`);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: atOnce }, one));
  const wallMs = performance.now() - startedAt;
  latencies.sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.floor(latencies.length * part)] ?? Number.NaN;
  return { wallMs, p50: at(0.5), p99: at(0.99) };
}

/** Connections stay open between jobs. */
function poolOf(url: string): Pool {
  const pool = pools.get(url) ?? new Pool(url);
  pools.set(url, pool);
  return pool;
}

if (process.argv[2] === asProcess) {
  process.on('message', (job: Job) => {
    send(job).then(
      (loaded) => process.send?.(loaded),
      (error) => process.send?.({ failure: String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}
