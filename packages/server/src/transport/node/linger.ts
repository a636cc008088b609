import type { Socket } from 'node:net';

const lingerMs = 2000;

/**
 * Ends our side and discards what still arrives, so that the client can read the last response: a socket that is
 * destroyed with unread bytes is reset, and a reset can overtake the response.
 */
export function linger(socket: Socket): void {
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(timer));
}
