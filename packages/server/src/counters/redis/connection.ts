import type { Cluster, Redis } from 'ioredis';
import { errorCode } from '../../base/error-code.ts';
import { translateErrors } from '../../base/translate-errors.ts';
import { CountersUnavailableError } from '../port.ts';
import type { RedisAddress, RedisTls } from './address.ts';
import type { Script } from './script.ts';

/** A connection that reconnects by itself. Commands do not wait for that: they fail if they cannot be sent or time out. */
export interface RedisConnection {
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Rejects unless every node that holds counters replies. */
  ping(): Promise<void>;
  /** Replaces a connection that is open but useless: one that timed out, or leads to a read-only server. */
  reconnectIfStuck(): void;
  close(): void;
}

const connectTimeoutMs = 2000;
const reconnectMaxMs = 2000;

/**
 * Connects to one server, or to a cluster by some of its nodes. It does not reject when no server replies yet. The Redis
 * library is loaded here, so that processes without Redis do not load it.
 */
export async function connectRedis(
  addresses: readonly RedisAddress[],
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<RedisConnection> {
  const client = await createClient(addresses, timeoutMs);
  let latestError: Error | null = null;
  // A closed connection is reopened by the library.
  let isStuck = false;
  client.on('error', (error: Error) => {
    latestError = error;
  });
  const database = addresses[0]?.database ?? 0;
  let selected: Promise<unknown> = Promise.resolve();
  client.on('ready', () => {
    latestError = null;
    isStuck = false;
    // Not by the library, which would stay in database 0 if the server does not have this one.
    if (database === 0) return;
    selected = client.select(database);
    // Each command reports the failure.
    selected.catch(() => {});
  });
  // The library retries in the background; the first command reports the failure.
  await client.connect().catch(() => {});
  if ('nodes' in client) await connectNodes(client);

  const unavailable = (error: unknown): Error => {
    isStuck ||= isTimeout(error) || isWrongServer(error);
    return new CountersUnavailableError(reasonOf(error, latestError, timeoutMs));
  };

  return {
    run: (script, keys, args) => {
      const run = () => evaluate(client, script, keys, args);
      return translateErrors(database === 0 ? run() : selected.then(run), unavailable);
    },
    ping: () => translateErrors(pingAll(client), unavailable),
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
    ...(first.tls !== null && { tls: tlsOptions(first.tls) }),
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
      enableOfflineQueue: false,
      retryStrategy: reconnectDelay,
    });
  }
  const nodes = addresses.flatMap(({ place }) => ('path' in place ? [] : [place]));
  return new Cluster(nodes, {
    redisOptions: settings,
    lazyConnect: true,
    enableOfflineQueue: false,
    // No retries: a call that fails is decided without the cluster at once.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: connectTimeoutMs,
    slotsRefreshInterval: 5000,
    clusterRetryStrategy: reconnectDelay,
  });
}

/** The library connects to a node at its first command and rejects others meanwhile, so the first one is a ping. */
async function connectNodes(cluster: Cluster): Promise<void> {
  cluster.on('+node', (node: Redis) => node.ping().catch(() => {}));
  await pingAll(cluster).catch(() => {});
}

/** Exponential backoff from 50 ms to 2 s, half of it jitter: the processes must not all reconnect at once. */
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
    // A server that has restarted has lost its script cache.
    if (!isReply(error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await client.eval(text, keys.length, ...keys, ...args);
  }
}

function tlsOptions({ isVerified, rootCertificates }: RedisTls) {
  return { rejectUnauthorized: isVerified, ...(rootCertificates !== undefined && { ca: rootCertificates }) };
}

async function pingAll(client: Redis | Cluster): Promise<void> {
  const nodes = 'nodes' in client ? client.nodes('master') : [client];
  if (nodes.length === 0) throw new Error('No node is known.');
  await Promise.all(nodes.map(pingMaster));
}

/** A replica may accept writes (`replica-read-only no`), and loses them. */
async function pingMaster(node: Redis): Promise<void> {
  await node.ping();
  // The user may not be permitted to ask.
  const role = await node.role().catch((error: unknown) => {
    if (isReply(error)) return null;
    throw error;
  });
  if (role?.[0] === 'slave')
    throw new ReplicaError('the server is a replica: REDIS_URL must name the master');
}

class ReplicaError extends Error {}

/** After a failover an address can lead to another server: the connection must be made anew. */
function isWrongServer(error: unknown): boolean {
  return error instanceof ReplicaError || (isReply(error) && /^(READONLY|MOVED)/.test(error.message));
}

// Errors of the library carry the command with its arguments: only the message is passed on.
function reasonOf(error: unknown, connectionError: Error | null, timeoutMs: number): string {
  if (isReply(error)) return replyReason(error.message);
  if (error instanceof ReplicaError) return error.message;
  if (isTimeout(error)) return `no response within ${timeoutMs} ms`;
  if (connectionError === null) return 'the connection is closed';
  const { message } = connectionError;
  const code = errorCode(connectionError) ?? 'not reachable';
  if (unknownAuthority.has(code)) return `${message}: name the certificate authority with ?sslrootcert=FILE`;
  return message !== '' ? message : code;
}

const unknownAuthority = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

function replyReason(message: string): string {
  if (!message.startsWith('MOVED')) return message;
  return 'this is a node of a cluster: name several of its nodes in REDIS_URL, separated by commas';
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out';
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}
