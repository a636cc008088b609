import { Call } from '../call.ts';
import { checkNames } from '../check-names.ts';
import type { OperationKind } from '../operation-kind.ts';
import type { CoreOptions, IdempotentCallOptions } from '../options.ts';
import { type ClientState, clientState, startCall } from '../start-call.ts';

export * from '../generated/functions.ts';
export type { Caller } from './call-operation.ts';

/**
 * The smallest client: it makes the calls of the functions of this entry point.
 *
 * @example
 * const core = new Core({ rootKey: process.env.UNKEY_ROOT_KEY });
 * const { data } = await verifyKey(core, { key, permissions: 'documents.read' });
 */
export class Core {
  // Private at run time too: printing it shows no root key.
  readonly #state: ClientState;

  /**
   * Throws `ConfigurationError` if an option is invalid. A missing root key is an error of the first call, so that builds
   * work without secrets.
   */
  constructor(options: CoreOptions = {}) {
    checkNames(options);
    this.#state = clientState(options);
  }

  /** For the functions: calls an operation by its id. */
  request(
    operation: string,
    body: object | null | undefined,
    options: IdempotentCallOptions | undefined,
    kind: OperationKind,
  ): Call<object> {
    return new Call(startCall(this.#state, { operation, kind, body, options }).response);
  }
}
