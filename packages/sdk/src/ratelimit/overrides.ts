import type { Call } from '../call.ts';
import type { UnkeyCore } from '../core.ts';
import type {
  DeleteOverrideData,
  GetOverrideData,
  RatelimitOverride,
  SetOverrideData,
} from '../generated/api.ts';
import type { CallOptions } from '../options.ts';
import { ListCall } from '../page.ts';
import type { PageBody, ResponseBody } from '../response-body.ts';
import { type Duration, parseDuration } from './duration.ts';

/** Overrides of a namespace: other limits for some identifiers. `*` in an identifier matches any characters. */
export class RatelimitOverrides {
  readonly #unkey: UnkeyCore;
  readonly #namespace: string;
  readonly #onChange: () => void;

  /** `onChange` is called before an override changes. */
  constructor(unkey: UnkeyCore, namespace: string, onChange: () => void) {
    this.#unkey = unkey;
    this.#namespace = namespace;
    this.#onChange = onChange;
  }

  /** Gets the override that applies to an identifier; rejects with 404 if there is none. */
  get(identifier: string, options?: CallOptions): Call<ResponseBody<GetOverrideData>> {
    return this.#unkey.request('ratelimit.getOverride', { namespace: this.#namespace, identifier }, options);
  }

  /** Creates or replaces the override of an identifier. A `limit` of 0 denies every call. */
  set(
    identifier: string,
    { limit, duration }: { readonly limit: number; readonly duration: Duration },
    options?: CallOptions,
  ): Call<ResponseBody<SetOverrideData>> {
    const body = { namespace: this.#namespace, identifier, limit, duration: parseDuration(duration) };
    this.#onChange();
    return this.#unkey.request('ratelimit.setOverride', body, options);
  }

  /** Deletes the override of exactly this identifier; `*` is not a pattern here. */
  delete(identifier: string, options?: CallOptions): Call<ResponseBody<DeleteOverrideData>> {
    this.#onChange();
    return this.#unkey.request(
      'ratelimit.deleteOverride',
      { namespace: this.#namespace, identifier },
      options,
    );
  }

  /** Lists all overrides. `limit`: items per page. */
  list(
    { limit }: { readonly limit?: number | undefined } = {},
    options?: CallOptions,
  ): ListCall<RatelimitOverride> {
    const load = (cursor?: string): Call<PageBody<RatelimitOverride>> =>
      this.#unkey.request(
        'ratelimit.listOverrides',
        { namespace: this.#namespace, limit, ...(cursor && { cursor }) },
        options,
      );
    return new ListCall(load);
  }
}
