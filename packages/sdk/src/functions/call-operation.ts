import type { Call } from '../call.ts';
import type { OperationKind } from '../operation-kind.ts';
import type { IdempotentCallOptions } from '../options.ts';
import { ListCall } from '../page.ts';
import { randomId } from '../random-id.ts';
import type { PageBody } from '../response-body.ts';

/** What the functions take: `Core`, `UnkeyCore`, `Unkey`, or a test double with `request`. */
export interface Caller {
  request(operation: string, body: never, options: never, kind: never): PromiseLike<unknown>;
}

/** A caller whose operations come from the table. */
interface UntypedCaller {
  request<Body>(
    operation: string,
    body: object | null | undefined,
    options: IdempotentCallOptions | undefined,
    kind: OperationKind,
  ): Call<Body, never>;
}

export function callOperation<Body>(
  caller: Caller,
  operation: string,
  kind: OperationKind,
  request?: object | null,
  options?: IdempotentCallOptions,
): Call<Body, never> {
  // The types of the functions are generated from the contract.
  return (caller as unknown as UntypedCaller).request<Body>(operation, request, options, kind);
}

/** With a generated `Idempotency-Key`, so that it is retried safely. */
export function createOnce<Body>(
  caller: Caller,
  operation: string,
  request: object,
  { idempotencyKey = randomId(), ...options }: IdempotentCallOptions = {},
): Call<Body, never> {
  return callOperation(caller, operation, '+', request, { ...options, idempotencyKey });
}

export function listItems<Item>(
  caller: Caller,
  operation: string,
  request?: object,
  options?: IdempotentCallOptions,
): ListCall<Item, never> {
  return new ListCall((cursor) =>
    callOperation<PageBody<Item>>(caller, operation, '*', cursor ? { ...request, cursor } : request, options),
  );
}
