import type { HttpHandler, HttpRequest, HttpResponse, ReportFailure } from '../base/http-message.ts';
import type { MaybePromise } from '../base/maybe-promise.ts';

/** Calls the handler and counts the calls that are running. */
export class RequestRunner {
  readonly #handle: HttpHandler;
  readonly #failure: ReportFailure;
  #running = 0;
  #onIdle: (() => void) | undefined;

  constructor({ handle, failure }: { readonly handle: HttpHandler; readonly failure: ReportFailure }) {
    this.#handle = handle;
    this.#failure = failure;
  }

  /** Never throws or rejects: should the handler do so, the client still gets a response. */
  run(request: HttpRequest): MaybePromise<HttpResponse> {
    try {
      const response = this.#handle(request);
      return response instanceof Promise ? this.#track(request, response) : response;
    } catch (error) {
      return this.#failure('internal_error', { accept: request.headers.accept, error });
    }
  }

  /** Resolves when no call is running. A request goes on although its client has left. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  async #track(request: HttpRequest, response: Promise<HttpResponse>): Promise<HttpResponse> {
    this.#running++;
    try {
      return await response;
    } catch (error) {
      return this.#failure('internal_error', { accept: request.headers.accept, error });
    } finally {
      this.#running--;
      if (this.#running === 0) this.#onIdle?.();
    }
  }
}
