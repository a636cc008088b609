import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperationId } from '@unkey-ts/contract';
import { type Ended, type ServerProcess, startServer } from '../cli/server-process.ts';
import { type Postgres, type PostgresSettings, startPostgres } from '../postgres.ts';
import { type RedisServer, startRedis } from '../redis.ts';
import { type CallOptions, post, type Reply } from '../service.ts';
import { type RoundRobin, type RoundRobinOptions, startRoundRobin } from './round-robin.ts';

export type Environment = Readonly<Record<string, string>>;

/** The parts that the servers of a cluster share. */
export interface Parts {
  readonly postgres: Postgres;
  readonly redis: RedisServer;
  /** Of one empty database. */
  readonly databaseUrl: string;
  /** Known to every server. */
  readonly rootKey: string;
  /** The settings of a server. */
  readonly env: Environment;
  close(): Promise<void>;
}

/** A server process, which can be stopped and started again on its port. */
export interface Member {
  readonly url: string;
  readonly port: number;
  call(operation: OperationId, body: unknown, options?: CallOptions): Promise<Reply>;
  get(path: string): Promise<{ readonly status: number; readonly text: string }>;
  /** With SIGTERM; resolves when it has ended. */
  stop(): Promise<Ended>;
  /** With SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Servers behind a round robin. */
export interface Cluster {
  readonly parts: Parts;
  readonly members: readonly [Member, Member, Member];
  readonly balancer: RoundRobin;
  readonly rootKey: string;
  /** Through the round robin. */
  call(operation: OperationId, body: unknown, options?: CallOptions): Promise<Reply>;
  close(): Promise<void>;
}

export async function startParts(settings: PostgresSettings = {}): Promise<Parts> {
  const [postgres, redis] = await Promise.all([startPostgres(settings), startRedis()]);
  const { url: databaseUrl } = await postgres.createDatabase();
  const rootKey = `unkey_${randomBytes(16).toString('hex')}`;
  return {
    postgres,
    redis,
    databaseUrl,
    rootKey,
    env: {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis.url,
      UNKEY_ROOT_KEY: rootKey,
      UNKEY_MASTER_KEY: randomBytes(32).toString('base64'),
      LOG_LEVEL: 'fatal',
    },
    async close() {
      await Promise.all([postgres.close(), redis.stop()]);
    },
  };
}

export async function startMember(parts: Parts, more: Environment = {}): Promise<Member> {
  const dataDir = await mkdtemp(join(tmpdir(), 'unkey-ts-member-'));
  const env = { ...parts.env, ...more };
  const startOn = (port: number) => startServer({ dataDir, env, port, rootKey: parts.rootKey });
  let server: ServerProcess = await startOn(0);
  const { url } = server;
  const port = Number(new URL(url).port);
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<Ended> => {
    server.signal(signal);
    const ended = await server.ended;
    await rm(dataDir, { recursive: true, force: true });
    return ended;
  };
  return {
    url,
    port,
    call: (operation, body, options) =>
      post(`${url}/v2/${operation}`, body, { rootKey: parts.rootKey, ...options }),
    async get(path) {
      const response = await fetch(url + path);
      return { status: response.status, text: await response.text() };
    },
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    async start() {
      server = await startOn(port);
    },
  };
}

export async function startCluster(
  more: Environment = {},
  balancerOptions: RoundRobinOptions = {},
): Promise<Cluster> {
  const parts = await startParts();
  const [first, ...others] = await Promise.all([0, 1, 2].map(() => startMember(parts, more)));
  const [second, third] = others;
  if (!first || !second || !third) throw new Error('There are three.');
  const members = [first, second, third] as const;
  const balancer = await startRoundRobin(
    members.map(({ port }) => port),
    balancerOptions,
  );
  const { rootKey } = parts;
  return {
    parts,
    members,
    balancer,
    rootKey,
    call: (operation, body, options) =>
      post(`${balancer.url}/v2/${operation}`, body, { rootKey, ...options }),
    async close() {
      await balancer.close();
      await Promise.all(members.map((member) => member.kill()));
      await parts.close();
    },
  };
}

/** `data` of a response that must be a success. */
export async function dataOf(reply: Promise<Reply>) {
  const { status, body } = await reply;
  if (status === 200) return body.data;
  throw new Error(`returned ${status}: ${JSON.stringify(body.error)}`);
}

/** A duration in milliseconds whose window is in its first half, and does not end while a test runs. */
export function longWindow(): number {
  let duration = 3_600_000;
  while (Date.now() % duration > duration / 2) duration += 60_000;
  return duration;
}
