import type { Call } from './call.ts';
import { checkCallOptions, checkClientOptions } from './check-options.ts';
import { UnkeyCore } from './core.ts';
import { debugHooks } from './debug.ts';
import type { Apis, Identities, Keys, Operations, Permissions, Ratelimits } from './generated/api.ts';
import { cached, durable, idempotent, paged } from './generated/operations.ts';
import type { CallOptions, ClientOptions, IdempotentCallOptions } from './options.ts';
import { ListCall } from './page.ts';
import { randomId } from './random-id.ts';
import type { PageBody } from './response-body.ts';
import { statusErrors } from './status-errors.ts';

/**
 * The client: a method for each operation of the API.
 *
 * @example
 * const unkey = new Unkey({ rootKey: process.env.UNKEY_ROOT_KEY });
 * const { data } = await unkey.keys.verifyKey({ key, permissions: 'documents.read' });
 */
export class Unkey extends UnkeyCore {
  readonly apis: Apis;
  readonly identities: Identities;
  readonly keys: Keys;
  readonly permissions: Permissions;
  readonly ratelimit: Ratelimits;

  constructor(options: ClientOptions = {}) {
    checkClientOptions(options);
    const { debug, spendOnce, hooks = [], ...rest } = options;
    super(
      { ...rest, hooks: [hooks, debugHooks(debug)].flat() },
      { errorClasses: statusErrors, checkOptions: checkCallOptions, idempotencyKey: keyGenerator(spendOnce) },
    );
    // The interfaces and the table are generated from the same contract.
    this.apis = methods(this, 'apis') as unknown as Apis;
    this.identities = methods(this, 'identities') as unknown as Identities;
    this.keys = methods(this, 'keys') as unknown as Keys;
    this.permissions = methods(this, 'permissions') as unknown as Permissions;
    this.ratelimit = methods(this, 'ratelimit') as unknown as Ratelimits;
  }

  /** Checks whether the service is up. Needs no permission. */
  liveness(options?: CallOptions): Call<Operations['liveness']['response']> {
    return this.request('liveness', null, options);
  }
}

/** Generates a key for each call of an operation that stores its first response, and of spends if that is wanted. */
function keyGenerator(spendOnce = false) {
  return (operation: string) =>
    durable.includes(operation) || (spendOnce && cached.includes(operation)) ? randomId() : undefined;
}

type Method = (request?: object, options?: IdempotentCallOptions) => Call<object>;

/** A client whose operations come from the table. */
interface UntypedClient {
  request<Body>(operation: string, request?: object, options?: IdempotentCallOptions): Call<Body>;
}

/** The methods of a resource. */
function methods(client: UntypedClient, resource: string): Record<string, Method> {
  const prefix = `${resource}.`;
  const own = [...idempotent, ...durable, ...cached].filter((id) => id.startsWith(prefix));
  return Object.fromEntries(own.map((id) => [id.slice(prefix.length), methodOf(client, id)]));
}

function methodOf(client: UntypedClient, id: string): Method {
  if (!paged.includes(id)) return (request, options) => client.request<object>(id, request, options);
  return (request, options) =>
    new ListCall<unknown>((cursor) =>
      client.request<PageBody<unknown>>(id, { ...request, ...(cursor && { cursor }) }, options),
    );
}
