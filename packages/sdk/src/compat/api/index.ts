import { kinds } from '../../core.ts';
import { version } from '../../generated/version.ts';
import type { Calls, ListId } from '../generated/components.ts';
import { UnkeyCore } from './core.ts';
import { callFunction, listFunction, type PageOf, type RequestOf, unwrapPages } from './functions.ts';
import type { RequestOptions, SDKOptions } from './options.ts';
import { type PageIterator, unwrapAsync } from './results.ts';

export { type Fetcher, HTTPClient, type HTTPClientOptions } from './http-client.ts';
export { type SDKOptions, ServerList, serverURLFromOptions } from './options.ts';

/** About this package. */
export const SDK_METADATA = {
  language: 'typescript',
  sdkVersion: version,
  userAgent: `unkey-ts/${version}`,
} as const;

/** The methods of the operations whose ids begin with a name and a dot. */
export type Group<Name extends string> = {
  readonly [Id in keyof Calls as Id extends `${Name}.${infer Method}` ? Method : never]: (
    request: RequestOf<Id>,
    options?: RequestOptions,
  ) => Promise<Id extends ListId ? PageIterator<PageOf<Id>, { cursor: string }> : Calls[Id]['response']>;
};

/** A client with the names, types and options of `@unkey/api`. New programs use `Unkey` of `unkey-ts`. */
export class Unkey extends UnkeyCore {
  declare readonly apis: Group<'apis'>;
  declare readonly identities: Group<'identities'>;
  declare readonly keys: Group<'keys'>;
  declare readonly permissions: Group<'permissions'>;
  declare readonly ratelimit: Group<'ratelimit'>;

  constructor(options: SDKOptions = {}) {
    super(options);
    // The types and the table are generated from the same contract.
    const groups = this as unknown as Record<string, Record<string, unknown>>;
    for (const id of kinds.keys() as Iterable<keyof Calls>) {
      const [group = '', method = ''] = id.split('.');
      if (!method) continue;
      groups[group] ??= {};
      groups[group][method] = methodOf(this, id);
    }
  }
}

function methodOf(client: UnkeyCore, id: keyof Calls): unknown {
  if (kinds.get(id) !== '*') {
    const call = callFunction(id);
    return (request: never, options?: RequestOptions) => unwrapAsync(call(client, request, options));
  }
  const call = listFunction(id as ListId);
  return (request: never, options?: RequestOptions) => unwrapPages(call(client, request, options));
}
