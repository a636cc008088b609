import { arrivalOfRequest } from '../base/event-loop.ts';
import type { HttpRequest, HttpResponse } from '../base/http-message.ts';
import type { Context } from '../operations/context.ts';
import type { Handler, Located } from '../operations/handler.ts';
import type { Refusal } from '../operations/refusal.ts';
import type { Authenticated } from './authenticate.ts';

/** An operation's response: JSON text, so that an idempotency record can hold it. */
export interface JsonResponse extends HttpResponse {
  readonly body: string;
}

/** The end of a request. */
export type Result = JsonResponse | Refusal;

/** One request in the pipeline, and what its steps have found out so far. */
export class RequestState {
  readonly handler: Handler;
  readonly request: HttpRequest;
  readonly requestId: string;
  /** Unix milliseconds; the same for all steps. */
  readonly now: number;
  /** When its bytes arrived, in monotonic milliseconds. */
  readonly startedAt: number;
  /** The parsed body, once it is validated. */
  input: unknown = null;
  /** Null: the request has none, or the operation ignores it. */
  idempotencyKey: string | null = null;
  caller: Authenticated | null = null;
  /** Headers of the workspace's limit; on every response after that step. */
  limitHeaders: Readonly<Record<string, string>> | null = null;
  /** What the operation works with: inside a snapshot or transaction, theirs. */
  context: Context | null = null;
  located: Located = nothingLocated;
  /** What an idempotency record holds, if that is not the response itself. */
  recordText: string | null = null;
  /** For metrics; the status when undefined. */
  outcome: string | undefined = undefined;

  constructor(handler: Handler, request: HttpRequest, requestId: string, now: number) {
    this.handler = handler;
    this.request = request;
    this.requestId = requestId;
    this.now = now;
    this.startedAt = request.arrivedAt ?? arrivalOfRequest();
  }
}

const nothingLocated: Located = {};
