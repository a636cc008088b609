import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

/** A Redis of a test's own, on a free port of this machine, that keeps nothing on disk. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** The kernel's doing: no farewell, and nothing kept. */
  kill(): Promise<void>;
  /** Again on the same port, empty. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-ts-redis-'));
  const port = await freePort();
  let child = await spawnRedis(folder, port, options);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    async start() {
      child = await spawnRedis(folder, port, options);
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Three servers that share the slots of a cluster. */
export async function startRedisCluster(): Promise<readonly RedisServer[]> {
  const servers: RedisServer[] = [];
  for (const slots of [
    ['0', '5460'],
    ['5461', '10922'],
    ['10923', '16383'],
  ]) {
    const busPort = String(await freePort());
    const options = ['--cluster-enabled', 'yes', '--cluster-port', busPort, '--cluster-node-timeout', '1000'];
    const server = await startRedis(options);
    await redisCli(server.port, ['cluster', 'addslotsrange', ...slots]);
    const [first] = servers;
    if (first !== undefined) {
      await redisCli(first.port, ['cluster', 'meet', '127.0.0.1', String(server.port), busPort]);
    }
    servers.push(server);
  }
  for (const { port } of servers) await untilWhole(port);
  return servers;
}

async function untilWhole(port: number): Promise<void> {
  for (;;) {
    const info = await redisCli(port, ['cluster', 'info']);
    if (info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')) return;
    await setTimeout(50);
  }
}

async function redisCli(port: number, command: readonly string[]): Promise<string> {
  return (await promisify(execFile)('redis-cli', ['-p', String(port), ...command])).stdout;
}

/** Resolves when it accepts connections. */
async function spawnRedis(folder: string, port: number, options: readonly string[]): Promise<ChildProcess> {
  const settings = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--dir', folder];
  const child = spawn('redis-server', [...settings, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`Redis ended instead of starting:\n${said}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Ready to accept connections')) resolve();
    });
  });
  return child;
}
