import type { IncomingMessage } from 'node:http';
import type { TransportFailure } from './exchange.ts';

export interface BodyReading {
  /** `aborted`: the client is gone, and nobody waits for an answer. */
  readonly result: Promise<Uint8Array | TransportFailure | 'aborted'>;
  isSettled(): boolean;
  /** Whether the connection has nothing more to give for this body, even if it is not taken in yet. */
  hasArrived(): boolean;
  /** Ends the reading from outside, when the connection breaks. */
  fail(kind: TransportFailure): void;
}

const noBody = new Uint8Array(0);

/** Reads a body to its end, and stops at the first byte too many: at once when its length is declared. */
export function readBody(
  request: IncomingMessage,
  limits: { maxBytes: number; timeoutMs: number },
): BodyReading {
  const declared = request.headers['content-length'];
  if (request.headers['transfer-encoding'] === undefined) {
    if (declared === undefined || Number(declared) === 0) return settledReading(noBody);
    if (Number(declared) > limits.maxBytes) return settledReading('too_large');
  }
  return collect(request, limits);
}

function settledReading(result: Uint8Array | TransportFailure): BodyReading {
  return { result: Promise.resolve(result), isSettled: () => true, hasArrived: () => true, fail: () => {} };
}

function collect(request: IncomingMessage, limits: { maxBytes: number; timeoutMs: number }): BodyReading {
  const chunks: Uint8Array[] = [];
  let received = 0;
  let isSettled = false;
  let settle: (result: Uint8Array | TransportFailure | 'aborted') => void = () => {};

  let timer: NodeJS.Timeout | undefined;

  const result = new Promise<Uint8Array | TransportFailure | 'aborted'>((resolve) => {
    settle = (value) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      chunks.length = 0;
      resolve(value);
    };
  });

  // Most bodies come in one piece with their headers and need no timer: that shows once the parser is done with it.
  process.nextTick(() => {
    if (isSettled || request.complete) return;
    timer = setTimeout(() => settle('read_timeout'), limits.timeoutMs);
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
  return {
    result,
    isSettled: () => isSettled,
    hasArrived: () => isSettled || request.complete,
    fail: settle,
  };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}
