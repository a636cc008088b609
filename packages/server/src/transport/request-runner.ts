import type { HttpHandler, HttpRequest, HttpResponse } from '../base/http-message.ts';
import type { MaybePromise } from '../base/maybe-promise.ts';

/** Calls the handler and counts the calls that are running. */
export class RequestRunner {
  readonly #handle: HttpHandler;
  #running = 0;
  #onIdle: (() => void) | undefined;

  constructor(handle: HttpHandler) {
    this.#handle = handle;
  }

  /** Never throws or rejects: the handler responds to its own faults, and no client waits forever should it fail to. */
  run(request: HttpRequest): MaybePromise<HttpResponse> {
    try {
      const response = this.#handle(request);
      return response instanceof Promise ? this.#track(response) : response;
    } catch {
      return internalError();
    }
  }

  /** Resolves when no call is running. A request goes on although its client has left. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  async #track(response: Promise<HttpResponse>): Promise<HttpResponse> {
    this.#running++;
    try {
      return await response;
    } catch {
      return internalError();
    } finally {
      this.#running--;
      if (this.#running === 0) this.#onIdle?.();
    }
  }
}

function internalError(): HttpResponse {
  return { status: 500, headers: {}, body: '' };
}
