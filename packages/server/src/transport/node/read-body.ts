import type { IncomingMessage } from 'node:http';
import type { TransportFailure } from '../../base/http-message.ts';

/** `aborted`: the client is gone, and nobody waits for an answer. */
export type BodyResult = Uint8Array | TransportFailure | 'aborted';

export interface BodyReading {
  /** Whether the connection has nothing more to give for this body, even if it is not taken in yet. */
  hasArrived(): boolean;
  /** Ends the reading from outside, when the connection breaks. */
  fail(kind: TransportFailure): void;
}

const noBody = new Uint8Array(0);

/** What the headers say of the body; undefined when it has to be read. */
export function declaredBody(request: IncomingMessage, maxBytes: number): BodyResult | undefined {
  if (request.headers['transfer-encoding'] !== undefined) return undefined;
  const bytes = Number(request.headers['content-length'] ?? 0);
  if (bytes === 0) return noBody;
  return bytes > maxBytes ? 'too_large' : undefined;
}

/** Reads a body to its end, and stops at the first byte too many. `done` is called once, and not before this returns. */
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

  // Most bodies come in one piece with their headers and need no timer: that shows once the parser is done with it.
  process.nextTick(() => {
    if (isSettled || request.complete) return;
    timer = setTimeout(settle, limits.timeoutMs, 'read_timeout');
  });

  // After the end of the reading the rest flows into nothing.
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
