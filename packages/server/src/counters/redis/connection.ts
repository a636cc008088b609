import type { Cluster, Redis } from 'ioredis';
import { CountersUnavailableError } from '../port.ts';
import type { RedisAddress } from './address.ts';
import type { Script } from './script.ts';

/** A connection that mends itself. Nothing waits for that: what cannot be sent or is not answered in time fails. */
export interface RedisConnection {
  /** Everything that is run in one turn of the event loop goes out together. */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Rejects unless every node that holds counters answers. */
  ping(): Promise<void>;
  /** Gives up a connection that is open and of no use, for a new one. */
  reconnectIfStuck(): void;
  close(): void;
}

const connectTimeoutMs = 2000;
const reconnectMaxMs = 2000;

/**
 * Opens one server, or a cluster by some of its nodes. That nobody answers yet is no failure. The library is loaded
 * here, by those who use it.
 */
export async function connectRedis(
  addresses: readonly RedisAddress[],
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<RedisConnection> {
  const client = await createClient(addresses, timeoutMs);
  let latestError: Error | null = null;
  /** Silent, or leading to a server that is a replica now. A closed one the library opens again by itself. */
  let isStuck = false;
  client.on('error', (error: Error) => {
    latestError = error;
  });
  client.on('ready', () => {
    latestError = null;
    isStuck = false;
  });
  // A failure is tried again in the background, and told by the first command.
  await client.connect().catch(() => {});
  if ('nodes' in client) await connectNodes(client);

  const telling = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      isStuck ||= isTimeout(error) || (isReply(error) && error.message.startsWith('READONLY'));
      throw new CountersUnavailableError(reasonOf(error, latestError, timeoutMs));
    }
  };

  return {
    run: (script, keys, args) => telling(evaluate(client, script, keys, args)),
    ping: () => telling(pingAll(client)),
    reconnectIfStuck() {
      if (!isStuck || client.status !== 'ready') return;
      isStuck = false;
      client.disconnect(true);
    },
    close: () => client.disconnect(),
  };
}

async function createClient(addresses: readonly RedisAddress[], timeoutMs: number): Promise<Redis | Cluster> {
  const { Redis, Cluster } = await import('ioredis');
  const [first] = addresses;
  if (first === undefined) throw new Error('There is no address to connect to.');
  const settings = {
    ...(first.username !== undefined && { username: first.username }),
    ...(first.password !== undefined && { password: first.password }),
    ...(first.isEncrypted && { tls: {} }),
    protocol: 2,
    connectionName: 'unkey-ts',
    disableClientInfo: true,
    lazyConnect: true,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: timeoutMs,
    connectTimeout: connectTimeoutMs,
    disconnectTimeout: timeoutMs,
  } as const;
  if (addresses.length === 1) {
    return new Redis({
      ...settings,
      ...first.place,
      db: first.database,
      enableOfflineQueue: false,
      retryStrategy: reconnectDelay,
    });
  }
  const nodes = addresses.flatMap(({ place }) => ('path' in place ? [] : [place]));
  return new Cluster(nodes, {
    redisOptions: settings,
    lazyConnect: true,
    enableOfflineQueue: false,
    // What fails is decided without the cluster at once, not tried again here.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: connectTimeoutMs,
    slotsRefreshInterval: 5000,
    clusterRetryStrategy: reconnectDelay,
  });
}

/** A node is connected to at its first command, and refuses others meanwhile: so that one comes before there are others. */
async function connectNodes(cluster: Cluster): Promise<void> {
  cluster.on('+node', (node: Redis) => node.ping().catch(() => {}));
  await pingAll(cluster).catch(() => {});
}

/** 50 ms, doubled each time up to two seconds; half of it is chance, so that processes do not come all at once. */
function reconnectDelay(attempts: number): number {
  const most = Math.min(reconnectMaxMs, 50 * 2 ** Math.min(attempts, 10));
  return Math.round(most * (0.5 + Math.random() / 2));
}

async function evaluate(
  client: Redis | Cluster,
  { text, sha }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    // A server that has restarted does not know the script any more.
    if (!isReply(error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await client.eval(text, keys.length, ...keys, ...args);
  }
}

async function pingAll(client: Redis | Cluster): Promise<void> {
  const nodes = 'nodes' in client ? client.nodes('master') : [client];
  if (nodes.length === 0) throw new Error('No node is known.');
  await Promise.all(nodes.map((node) => node.ping()));
}

// The library hangs the command with its arguments on its errors: only the sentence goes on.
function reasonOf(error: unknown, connectionError: Error | null, timeoutMs: number): string {
  if (isReply(error)) return replyReason(error.message);
  if (isTimeout(error)) return `no answer within ${timeoutMs} ms`;
  if (connectionError === null) return 'the connection is closed';
  const { message } = connectionError;
  return message !== ''
    ? message
    : String((connectionError as NodeJS.ErrnoException).code ?? 'not reachable');
}

function replyReason(message: string): string {
  if (!message.startsWith('MOVED')) return message;
  return 'this is a node of a cluster: name several of its nodes, with commas between them';
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out';
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}
