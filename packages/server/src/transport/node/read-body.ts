import type { IncomingMessage } from 'node:http';
import type { TransportFailure } from '../../base/http-message.ts';

/** `aborted`: the client has left, and nobody waits for a response. */
export type BodyResult = Uint8Array | TransportFailure | 'aborted';

export interface BodyReading {
  /** Whether all of the body has arrived, even if it is not read yet. */
  hasArrived(): boolean;
  /** Ends the reading because the connection has failed. */
  fail(kind: TransportFailure): void;
}

const noBody = new Uint8Array(0);

/** The result if the headers alone decide it; undefined when the body has to be read. */
export function declaredBody(request: IncomingMessage, maxBytes: number): BodyResult | undefined {
  if (request.headers['transfer-encoding'] !== undefined) return undefined;
  const bytes = Number(request.headers['content-length'] ?? 0);
  if (bytes === 0) return noBody;
  return bytes > maxBytes ? 'too_large' : undefined;
}

/** Reads a body to its end, or to the first byte above the maximum. `done` is called once, after this returns. */
export function readBody(
  request: IncomingMessage,
  limits: { maxBytes: number; timeoutMs: number },
  done: (result: BodyResult) => void,
): BodyReading {
  const chunks: Uint8Array[] = [];
  let received = 0;
  let isSettled = false;
  let timer: NodeJS.Timeout | undefined;

  function settle(result: BodyResult): void {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(timer);
    chunks.length = 0;
    done(result);
  }

  // Most bodies arrive in one piece with their headers and need no timer: the next tick knows.
  process.nextTick(() => {
    if (isSettled || request.complete) return;
    timer = setTimeout(settle, limits.timeoutMs, 'read_timeout');
  });

  // The rest of a settled body is discarded.
  request.on('data', (chunk: Uint8Array) => {
    if (isSettled) return;
    received += chunk.length;
    if (received > limits.maxBytes) settle('too_large');
    else chunks.push(chunk);
  });
  request.on('end', () => settle(joined(chunks)));
  request.on('error', (error: NodeJS.ErrnoException) => {
    settle(error.code === 'ECONNRESET' ? 'aborted' : 'unreadable');
  });
  request.on('close', () => settle('aborted'));
  return { hasArrived: () => isSettled || request.complete, fail: settle };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}
