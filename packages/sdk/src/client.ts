import type { Call } from './call.ts';
import { callRules, checkOptions, clientRules } from './check-options.ts';
import { UnkeyCore } from './core.ts';
import { debugHooks } from './debug.ts';
import type { Apis, Identities, Keys, Operations, Permissions, Ratelimits } from './generated/api.ts';
import { cached, durable, idempotent, paged } from './generated/operations.ts';
import type { CallOptions, ClientOptions, IdempotentCallOptions } from './options.ts';
import { ListCall } from './page.ts';
import { randomId } from './random-id.ts';
import type { PageBody } from './response-body.ts';
import { classFor } from './status-errors.ts';

/**
 * The client: a method for each operation of the API.
 *
 * @example
 * const unkey = new Unkey({ rootKey: process.env.UNKEY_ROOT_KEY });
 * const { data } = await unkey.keys.verifyKey({ key, permissions: 'documents.read' });
 */
export class Unkey extends UnkeyCore {
  declare readonly apis: Apis;
  declare readonly identities: Identities;
  declare readonly keys: Keys;
  declare readonly permissions: Permissions;
  declare readonly ratelimit: Ratelimits;

  constructor(options: ClientOptions = {}) {
    checkOptions(options, clientRules);
    const { debug, spendOnce, hooks = [], ...rest } = options;
    super(
      { ...rest, hooks: [hooks, debugHooks(debug)].flat() },
      {
        classFor,
        checkOptions: (options) => checkOptions(options, callRules),
        idempotencyKey: keyGenerator(spendOnce),
      },
    );
    // The interfaces and the lists are generated from the same contract.
    const resources = this as unknown as Record<string, Record<string, Method>>;
    for (const id of [...idempotent, ...durable, ...cached]) {
      const [resource = '', name] = id.split('.');
      if (!name) continue;
      resources[resource] ??= {};
      resources[resource][name] = methodOf(this, id);
    }
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

function methodOf(client: UntypedClient, id: string): Method {
  return (request, options) => {
    const load = (cursor?: string) =>
      client.request<PageBody<unknown>>(id, cursor ? { ...request, cursor } : request, options);
    return paged.includes(id) ? new ListCall(load) : load();
  };
}
