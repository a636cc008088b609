import { Call } from './call.ts';
import { checkNames } from './check-names.ts';
import type { Deadline } from './deadline.ts';
import { AbortError } from './errors.ts';
import type { Operations, VerifyKeyData, VerifyKeyRequest } from './generated/api.ts';
import { operationTable } from './generated/operations.ts';
import type { Hooks } from './hooks.ts';
import { mergeOptions } from './merge-options.ts';
import { kindsOf } from './operation-kind.ts';
import type { CoreOptions, IdempotentCallOptions } from './options.ts';
import type { ResponseBody } from './response-body.ts';
import { type ClientParts, type ClientState, clientState, startCall } from './start-call.ts';

// As in lib.esnext.disposable, which TypeScript has since 5.2 and projects may leave out of `lib`.
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}

export const kinds = /* @__PURE__ */ kindsOf(operationTable);

/** A client that calls operations by their ids, and can be closed. */
export class IdClient<Options extends CoreOptions = CoreOptions> {
  // Private at run time too: printing the client shows no root key.
  readonly #state: ClientState;
  readonly #running = new Map<Deadline, Promise<unknown>>();
  #isClosed = false;

  constructor(options: Options, parts?: ClientParts) {
    this.#state = clientState(options, parts);
  }

  /**
   * Calls an operation by its id, `keys.verifyKey`. A `body` of null sends a GET. Operations that this version does not
   * know are called by their path, which begins with a slash: `/v2/keys.newOperation`. They are retried if they are a
   * GET, have an `idempotencyKey`, or if the service certainly did not process the request.
   */
  request<const Query extends string>(
    operation: 'keys.verifyKey',
    body: VerifyKeyRequest<Query>,
    options?: IdempotentCallOptions,
  ): Call<ResponseBody<VerifyKeyData>, Operations['keys.verifyKey']['errorCode']>;
  request<Id extends Exclude<keyof Operations, 'keys.verifyKey'>>(
    operation: Id,
    body: undefined extends Operations[Id]['request'] ? null : Operations[Id]['request'],
    options?: Operations[Id]['options'],
  ): Call<Operations[Id]['response'], Operations[Id]['errorCode']>;
  request<Value extends object = ResponseBody<unknown>>(
    path: `/${string}`,
    body?: object | null,
    options?: IdempotentCallOptions,
  ): Call<Value>;
  request(path: string, body?: object | null, options?: IdempotentCallOptions): Call<object> {
    const operation = path.replace(/^\/(v2\/)?/, '');
    if (this.#isClosed) return new Call(Promise.reject(Object.assign(closedError(), { operation })));
    const kind = kinds.get(operation) ?? '?';
    const { deadline, response } = startCall(this.#state, { operation, kind, body, options });
    const ended = response.finally(() => this.#running.delete(deadline));
    this.#running.set(deadline, ended);
    return new Call(ended);
  }

  /**
   * A client of the same class with other options: those that are given replace those of this client, and `retry`,
   * `headers` and `fetchOptions` are merged. It does not inherit hooks that were added later, and is closed by itself.
   *
   * @example
   * const patient = unkey.withOptions({ timeoutMs: 60_000 });
   */
  withOptions(options: Options): this {
    const Client = this.constructor as new (options: Options) => this;
    return new Client(mergeOptions(this.#state.options as Options, options));
  }

  /** Adds hooks, for later calls too. Returns a function that removes them. */
  addHooks(hooks: Hooks): () => void {
    this.#state.hooks.add(hooks);
    return () => this.#state.hooks.delete(hooks);
  }

  /** Aborts running calls with `AbortError` and rejects later calls. */
  close(): void {
    this.#isClosed = true;
    for (const deadline of this.#running.keys()) deadline.abort(closedError());
  }

  /** For `using`: the same as `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** For `await using`: waits for running calls, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const call of this.#running.values()) await call.catch(() => {});
    this.close();
  }
}

function closedError(): AbortError {
  return new AbortError('The client is closed.');
}

/** The client with `request` alone, without a method for each operation: for small bundles. */
export class UnkeyCore extends IdClient {
  /**
   * Throws `ConfigurationError` if an option is invalid. A missing root key is an error of the first call, so that builds
   * work without secrets.
   */
  constructor(options: CoreOptions = {}) {
    checkNames(options);
    super(options);
  }
}
