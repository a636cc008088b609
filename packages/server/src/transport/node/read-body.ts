import type { IncomingMessage } from 'node:http';
import type { HttpResponse, TransportFailure } from '../../base/http-message.ts';
import type { MaybePromise } from '../../base/maybe-promise.ts';
import type { BodyShare } from '../body-budget.ts';

/** A response refuses the body. `aborted`: the client has left, and nobody waits for a response. */
export type BodyResult = Uint8Array | HttpResponse | TransportFailure | 'aborted';

export interface BodyLimits {
  /** What may be read without asking `admit`, in bytes. */
  readonly freeBytes: number;
  readonly timeoutMs: number;
  readonly share: BodyShare;
  /** The maximum of a larger body, in bytes, or the response that refuses it. */
  admit(): MaybePromise<HttpResponse | number>;
}

const noBody = new Uint8Array(0);

/** The length that the headers declare; undefined for chunks. */
export function declaredLength({ headers }: IncomingMessage): number | undefined {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : undefined;
}

/** Reads one body to its end, or to the first byte above its maximum. Ends with one call of `done`. */
export class BodyReader {
  readonly #request: IncomingMessage;
  readonly #limits: BodyLimits;
  readonly #done: (result: BodyResult, maxBytes: number) => void;
  readonly #chunks: Uint8Array[] = [];
  #received = 0;
  #maxBytes: number;
  #admission: 'none' | 'pending' | 'done' = 'none';
  #hasEnded = false;
  #isSettled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    request: IncomingMessage,
    limits: BodyLimits,
    done: (result: BodyResult, maxBytes: number) => void,
  ) {
    this.#request = request;
    this.#limits = limits;
    this.#maxBytes = limits.freeBytes;
    this.#done = done;
  }

  /** `onReading` is called once the body is wanted, before it is read. */
  begin(onReading: () => void): void {
    const length = declaredLength(this.#request) ?? 0;
    this.#request.on('error', (error: NodeJS.ErrnoException) => {
      this.#settle(error.code === 'ECONNRESET' ? 'aborted' : 'unreadable');
    });
    this.#request.on('close', () => {
      if (!this.#hasEnded) this.#settle('aborted');
    });
    if (length <= this.#limits.freeBytes) this.#read(onReading);
    else this.#admit(length, () => this.#read(onReading));
  }

  /** Whether all of the body has arrived, even if it is not read yet. */
  hasArrived(): boolean {
    return this.#isSettled || this.#request.complete;
  }

  /** Ends the reading because the connection has failed. */
  fail(kind: TransportFailure): void {
    this.#settle(kind);
  }

  #read(onReading: () => void): void {
    const request = this.#request;
    // Most bodies arrive in one piece with their headers and need no timer: the next tick knows.
    process.nextTick(() => {
      if (this.#isSettled || request.complete) return;
      this.#timer = setTimeout(() => this.#settle('read_timeout'), this.#limits.timeoutMs);
    });
    request.on('data', (chunk: Uint8Array) => this.#take(chunk));
    request.on('end', () => this.#end());
    onReading();
  }

  #take(chunk: Uint8Array): void {
    if (this.#isSettled) return;
    this.#received += chunk.length;
    this.#chunks.push(chunk);
    if (this.#admission === 'pending') return;
    if (this.#received > this.#maxBytes && this.#admission === 'none') {
      this.#request.pause();
      this.#admit(this.#received, () => this.#request.resume());
    } else if (this.#received > this.#maxBytes) this.#settle('too_large');
    else if (!this.#limits.share.resize(this.#received)) this.#settle('overloaded');
  }

  /** `bytes` is what is known to come. */
  #admit(bytes: number, next: () => void): void {
    this.#admission = 'pending';
    const decide = (admitted: HttpResponse | number): void => {
      if (this.#isSettled) return;
      if (typeof admitted === 'number') this.#proceed(bytes, admitted, next);
      else this.#settle(admitted);
    };
    const admitted = this.#limits.admit();
    if (admitted instanceof Promise) admitted.then(decide);
    else decide(admitted);
  }

  #proceed(bytes: number, maxBytes: number, next: () => void): void {
    const { share } = this.#limits;
    this.#maxBytes = maxBytes;
    this.#admission = 'done';
    if (bytes > maxBytes || this.#received > maxBytes) this.#settle('too_large');
    else if (!share.admit() || !share.resize(this.#received)) this.#settle('overloaded');
    else if (this.#hasEnded) this.#end();
    else next();
  }

  #end(): void {
    // A paused stream still ends if all of it was delivered before.
    this.#hasEnded = true;
    if (this.#admission === 'pending') return;
    const [first] = this.#chunks;
    if (first === undefined) this.#settle(noBody);
    else this.#settle(this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks));
  }

  #settle(result: BodyResult): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#chunks.length = 0;
    // What still arrives is discarded.
    this.#request.resume();
    this.#done(result, this.#maxBytes);
  }
}
