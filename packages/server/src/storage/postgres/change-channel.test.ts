import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import pg from 'pg';
import { expect, test } from 'vitest';
import { openChangeChannel } from './change-channel.ts';

test('a stop does not wait for a connection that is being made', async () => {
  const silent = createServer((socket) => socket.resume().on('error', () => {}));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const channel = openChangeChannel({
    createClient: () => new pg.Client({ host: '127.0.0.1', port, user: 'nobody', database: 'nothing' }),
    connect: async (client) => {
      await client.connect();
    },
    recheck: async () => {},
    isAnswering: async () => true,
    onCommit: () => {},
    onLag: () => {},
    log: { warn: () => {}, info: () => {} },
  });
  await once(silent, 'connection');
  await expect(channel.close()).resolves.toBeUndefined();
  silent.close();
});
