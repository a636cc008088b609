import type { Call } from './call.ts';
import { callRules, checkOptions, clientRules } from './check-options.ts';
import { IdClient, kinds } from './core.ts';
import { debugLog } from './debug.ts';
import type { Apis, Identities, Keys, Operations, Permissions, Ratelimits } from './generated/api.ts';
import type { OperationKind } from './operation-kind.ts';
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
export class Unkey extends IdClient<ClientOptions> {
  declare readonly apis: Apis;
  declare readonly identities: Identities;
  declare readonly keys: Keys;
  declare readonly permissions: Permissions;
  declare readonly ratelimit: Ratelimits;

  constructor(options: ClientOptions = {}) {
    checkOptions(options, clientRules);
    const { debug, spendOnce } = options;
    super(options, {
      classFor,
      checkOptions: (options) => checkOptions(options, callRules),
      idempotencyKey: (kind) => (kind === '+' || (spendOnce && kind === '!') ? randomId() : undefined),
      debug: debugLog(debug),
    });
    // The interfaces and the table are generated from the same contract.
    const resources = this as unknown as Record<string, Record<string, Method>>;
    for (const [id, kind] of kinds) {
      const [resource = '', name] = id.split('.');
      if (name) resources[resource] = { ...resources[resource], ...methodOf(this, { id, name, kind }) };
    }
  }

  /** Checks whether the service is up. Needs no permission. */
  liveness(options?: CallOptions): Call<Operations['liveness']['response']> {
    return this.request('liveness', null, options);
  }
}

type Method = (request?: object, options?: IdempotentCallOptions) => Call<object>;

/** A client whose operations come from the table. */
interface UntypedClient {
  request<Body>(operation: string, request?: object, options?: IdempotentCallOptions): Call<Body>;
}

function methodOf(
  client: UntypedClient,
  { id, name, kind }: { readonly id: string; readonly name: string; readonly kind: OperationKind },
): Record<string, Method> {
  return {
    // An object has it for its name, which stack traces show.
    [name](request, options) {
      const load = (cursor?: string) =>
        client.request<PageBody<unknown>>(id, cursor ? { ...request, cursor } : request, options);
      return kind === '*' ? new ListCall(load) : load();
    },
  };
}
