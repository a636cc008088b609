import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A bad network between a client and a server on this machine. It starts well. */
export interface TcpProxy {
  readonly port: number;
  /** Restores the connection. Bytes that were held back are lost with their connections. */
  mend(): void;
  /** Connections stay open and new ones are accepted, but no bytes pass. */
  stall(): void;
  /** As with `stall`, on those connections only on which the client has sent or sends this text. */
  stallThose(saying: string): void;
  /** Closes the connections on which the client has sent this text; returns how many. */
  endThose(saying: string): number;
  /** Open connections stay open without any bytes; new ones work. */
  abandon(): void;
  /** Connections are closed, and new ones at once too. */
  drop(): void;
  /** As with `drop`, rudely. */
  reset(): void;
  close(): Promise<void>;
}

type State = 'well' | 'stalled' | 'dropped' | 'reset';

/** How many of the bytes of a client are stored to identify its connection. */
const keptCharacters = 10_000;

/** `targetPort` is asked for every connection. */
export async function startProxy(target: number | (() => number)): Promise<TcpProxy> {
  const targetPort = () => (typeof target === 'number' ? target : target());
  const sockets = new Set<Socket>();
  /** The first bytes of each client. */
  const said = new Map<Socket, string>();
  let state: State = 'well';
  let stalledWord: string | null = null;
  let abandoned = 0;

  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const end = (socket: Socket): void => {
    if (state === 'reset') socket.resetAndDestroy();
    else socket.destroy();
  };

  const server = createServer((client) => {
    track(client);
    if (state === 'dropped' || state === 'reset') return end(client);
    if (state === 'stalled') return;
    const upstream = track(connect(targetPort(), '127.0.0.1'));
    said.set(client, '');
    client.on('data', (chunk: Buffer) => {
      const text = said.get(client) ?? '';
      if (text.length < keptCharacters) said.set(client, text + chunk.toString('latin1'));
    });
    client.on('close', () => said.delete(client));
    const before = abandoned;
    const isThrough = () =>
      state === 'well' &&
      before === abandoned &&
      (stalledWord === null || !said.get(client)?.includes(stalledWord));
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (chunk) => {
        if (isThrough()) to.write(chunk);
      });
      from.on('close', () => end(to));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port was given.');

  const become = (next: State): void => {
    const isMended = next === 'well' && (state !== 'well' || stalledWord !== null);
    state = next;
    stalledWord = null;
    if (isMended || next === 'dropped' || next === 'reset') for (const socket of sockets) end(socket);
  };

  return {
    port: address.port,
    mend: () => become('well'),
    stall: () => become('stalled'),
    stallThose(saying) {
      stalledWord = saying;
    },
    endThose(saying) {
      const clients = [...said.keys()].filter((client) => said.get(client)?.includes(saying));
      for (const client of clients) {
        said.delete(client);
        client.destroy();
      }
      return clients.length;
    },
    abandon() {
      abandoned += 1;
    },
    drop: () => become('dropped'),
    reset: () => become('reset'),
    async close() {
      become('dropped');
      server.close();
      await once(server, 'close');
    },
  };
}
