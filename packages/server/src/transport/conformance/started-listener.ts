import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import type { HttpHandler } from '../../base/http-message.ts';
import type { Listener } from '../listener.ts';
import { createNodeListener, type NodeListenerOptions } from '../node/server.ts';
import { echo, failure, json } from './test-handler.ts';

export { echo, failure, json };

export interface Client {
  socket: Socket;
  /** All that was received, once the server has ended the connection. */
  ended: Promise<string>;
  /** All that was received, once it contains `text` that many times. */
  received(text: string, times?: number): Promise<string>;
}

export const servers: Listener[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.drain()));
});

/** A listener that is drained after the test. */
export async function start(options: Partial<NodeListenerOptions> = {}) {
  const server = createNodeListener({ handle: echo, failure, ...options });
  servers.push(server);
  const { port, url } = await server.listen('127.0.0.1', 0);
  return { server, port, url, open: () => openClient(port) };
}

function openClient(port: number): Client {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  const ended = new Promise<string>((resolve) => {
    socket.once('end', () => resolve(text));
    socket.once('close', () => resolve(text));
  });
  const received = (part: string, times = 1) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        if (text.split(part).length <= times) return;
        socket.off('data', check);
        resolve(text);
      };
      socket.on('data', check);
      void ended.then(() => reject(new Error(`ended after: ${text}`)));
      check();
    });
  return { socket, ended, received };
}

/** The text of a request. */
export const post = (path: string, body: string, headers = '') =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** A handler that reports its call and responds when it is released. */
export function heldHandler() {
  let begin: () => void = () => {};
  let release: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const handle: HttpHandler = async () => {
    begin();
    await released;
    return json(200, { held: true });
  };
  return { handle, begun, release: () => release() };
}
