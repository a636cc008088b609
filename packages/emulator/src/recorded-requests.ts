import { operationIds, operations, pathOf } from '@unkey-ts/contract';
import type { Clock, HttpRequest, HttpResponse } from '@unkey-ts/server';
import { checkOperation } from './check-operation.ts';
import type { Fault, RecordedRequest, RecordedRequests } from './types.ts';

const operationOf = new Map<string, string>(operationIds.map((id) => [pathOf(operations[id]), id]));
const maxRecorded = 10_000;

export interface Recorder extends RecordedRequests {
  begin(request: HttpRequest): Recording;
}

export function createRecorder(clock: Clock): Recorder {
  let recorded: Recording[] = [];
  const matching: RecordedRequests['matching'] = (which) => {
    if (typeof which === 'function') return recorded.filter(which);
    checkOperation(which);
    return recorded.filter(({ operation }) => operation === which);
  };
  return {
    begin(request) {
      const one = new Recording(request, clock.now());
      recorded.push(one);
      // Half of them at once: to move ten thousand for each request would take longer than the request.
      if (recorded.length >= 2 * maxRecorded) recorded = recorded.slice(-maxRecorded);
      return one;
    },
    get length() {
      return Math.min(recorded.length, maxRecorded);
    },
    all: () => recorded.slice(-maxRecorded),
    matching: (which) => matching(which).slice(-maxRecorded),
    clear() {
      recorded = [];
    },
    [Symbol.iterator]: () => recorded.slice(-maxRecorded)[Symbol.iterator](),
  };
}

/** One request; what it contains is parsed only if somebody looks at it. */
export class Recording implements RecordedRequest {
  readonly at: number;
  fault: Fault | null = null;
  readonly #request: HttpRequest;
  #reply: HttpResponse | null = null;

  constructor(request: HttpRequest, at: number) {
    // A copy: the bytes may be a part of a much larger buffer of the socket.
    this.#request = { ...request, body: request.body.slice() };
    this.at = at;
  }

  /** Status 0: the connection was lost. */
  end(reply: HttpResponse): HttpResponse {
    if (reply.status !== 0) this.#reply = reply;
    return reply;
  }

  get operation(): string | null {
    return operationOf.get(this.path) ?? null;
  }

  get method(): string {
    return this.#request.method;
  }

  get path(): string {
    return this.#request.path;
  }

  get headers(): Readonly<Record<string, string>> {
    const { authorization: _, ...headers } = this.#request.headers;
    return Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  }

  get body(): unknown {
    return parsed(this.#request.body);
  }

  get status(): number | null {
    return this.#reply?.status ?? null;
  }

  get response(): unknown {
    return this.#reply === null ? undefined : parsed(this.#reply.body);
  }
}

function parsed(body: string | Uint8Array): unknown {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
