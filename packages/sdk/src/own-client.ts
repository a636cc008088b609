import type { Call, ResponseInfo } from './call.ts';
import { clientRules, type Rules } from './check-options.ts';
import { IdClient } from './core.ts';
import { debugLog } from './debug.ts';
import type { ClientOptions } from './options.ts';
import { randomId } from './random-id.ts';

/** The part of a client that middleware and limiters use. A test double needs `request` alone. */
export interface ClientLike {
  request(operation: string, body: never, options?: never): PromiseLike<unknown>;
}

/** Options of the client that middleware and limiters create. The deadline is an option of their own. */
export type OwnClientOptions = Omit<ClientOptions, 'timeoutMs'>;

const { timeoutMs: _, ...rules } = clientRules;
// A declared type: the compiler would write an import into the declarations that CommonJS cannot resolve.
export const ownClientRules: Rules = rules;

/** Middleware and limiters call spending operations only. */
export function createOwnClient({ debug, spendOnce, ...options }: OwnClientOptions): IdClient {
  return new IdClient(options, {
    ...(spendOnce && { idempotencyKey: randomId }),
    debug: debugLog(debug),
  });
}

/** The body of a call, with the response where the client gives one: test doubles resolve to the body alone. */
export async function bodyOf<Body extends object>(
  call: unknown,
): Promise<Body & { readonly response?: ResponseInfo | undefined }> {
  const { withResponse } = call as Partial<Call<Body>>;
  return withResponse
    ? (call as Call<Body>).withResponse()
    : (call as Promise<Body & { readonly response?: undefined }>);
}
