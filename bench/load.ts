import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Bodies, bodyAt } from './bodies.ts';
import { pinned } from './cores.ts';

/** A number of requests; every response is checked. */
export interface Job {
  readonly url: string;
  readonly path: string;
  readonly rootKey: string;
  readonly bodies: Bodies;
  readonly requests: number;
  readonly connections: number;
  /** Text that each response must contain; the load stops at the first one without it. */
  readonly expected: string;
  /**
   * Requests per second. Requests are due at this rate, independent of earlier responses; latency counts from the due time.
   * Null: each connection sends its next request after the last response.
   */
  readonly perSecond: number | null;
}

/** Latencies in milliseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface Load {
  run(job: Job): Promise<Latencies>;
  stop(): void;
}

/** Load from another process, so that it uses no CPU time of the measuring process. */
export function startLoad(): Load {
  const [command, args] = pinned('load', [process.execPath, fileURLToPath(import.meta.url), asProcess]);
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    async run(job) {
      child.send(job);
      const [result] = (await once(child, 'message')) as [Latencies | { readonly failure: string }];
      if ('failure' in result) throw new Error(result.failure);
      return result;
    },
    stop: () => child.disconnect(),
  };
}

const asProcess = 'send-load';
/** By URL. Plain sockets, because an HTTP client costs more than the server. */
const pools = new Map<string, Connection[]>();

async function send(job: Job): Promise<Latencies> {
  const { url, bodies, requests, connections, expected, perSecond } = job;
  const idle = await connectionsTo(url, connections);
  const write = requestsOf(job);
  const latencies: number[] = [];
  const startedAt = performance.now();
  const interval = perSecond === null ? 0 : 1000 / perSecond;
  let sent = 0;

  await new Promise<void>((resolve, reject) => {
    const sendNext = (connection: Connection) => {
      const dueAt = perSecond === null ? performance.now() : startedAt + sent * interval;
      connection.ask(write(bodyAt(bodies, sent++)), (status, body) => {
        latencies.push(performance.now() - dueAt);
        if (status !== 200 || !body.includes(expected)) {
          reject(new Error(`${job.path} returned ${status}: ${body}`));
        }
        if (latencies.length === requests) resolve();
        else if (perSecond === null && sent < requests) sendNext(connection);
        else idle.push(connection);
      });
    };
    // Timers are accurate to a millisecond only: with a core of its own, the process polls the clock instead.
    const sendDue = () => {
      while (idle.length > 0 && sent < requests && performance.now() >= startedAt + sent * interval) {
        const connection = idle.shift();
        if (connection !== undefined) sendNext(connection);
      }
      if (sent < requests) setImmediate(sendDue);
    };
    for (const connection of idle) connection.onLost = reject;
    if (perSecond === null) for (const connection of idle.splice(0)) sendNext(connection);
    else sendDue();
  });
  latencies.sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.floor(latencies.length * part)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: latencies.at(-1) ?? Number.NaN };
}

function requestsOf({ url, path, rootKey }: Job): (body: string) => string {
  const head =
    `POST ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nAuthorization: Bearer ${rootKey}\r\n` +
    'Content-Type: application/json\r\nContent-Length: ';
  return (body) => `${head}${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

interface Connection {
  ask(request: string, onAnswer: (status: number, body: string) => void): void;
  onLost: (error: Error) => void;
}

/** Connections stay open between jobs. */
async function connectionsTo(url: string, count: number): Promise<Connection[]> {
  const pool = pools.get(url) ?? [];
  pools.set(url, pool);
  while (pool.length < count) {
    const socket = connect({ host: new URL(url).hostname, port: Number(new URL(url).port), noDelay: true });
    await once(socket, 'connect');
    const connection = connectionOn(socket);
    pool.push(connection);
    // Another server may get the same port later.
    socket.once('close', () => pool.splice(pool.indexOf(connection), 1));
  }
  return pool.slice(0, count);
}

function connectionOn(socket: Socket): Connection {
  let arrived = '';
  let answered: (status: number, body: string) => void = () => {};
  const connection: Connection = {
    ask(request, onAnswer) {
      answered = onAnswer;
      socket.write(request, 'latin1');
    },
    onLost: () => {},
  };
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    arrived += chunk;
    const end = arrived.indexOf('\r\n\r\n') + 4;
    if (end < 4) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(arrived.slice(0, end))?.[1]);
    if (arrived.length < end + length) return;
    const [status, body] = [Number(arrived.slice(9, 12)), arrived.slice(end)];
    arrived = '';
    answered(status, body);
  });
  socket.on('error', (error) => connection.onLost(error));
  socket.on('close', () => connection.onLost(new Error('The server closed a connection.')));
  return connection;
}

if (process.argv[2] === asProcess) {
  process.on('message', (job: Job) => {
    send(job).then(
      (latencies) => process.send?.(latencies),
      (error) => process.send?.({ failure: String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}
