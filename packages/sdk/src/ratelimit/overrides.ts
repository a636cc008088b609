import type { Answer, PageAnswer } from '../answer.ts';
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
import { type Duration, parseDuration } from './duration.ts';

/** Other numbers for some identifiers of a namespace. An identifier with `*` is for all that fit. */
export class RatelimitOverrides {
  readonly #unkey: UnkeyCore;
  readonly #namespace: string;
  readonly #onChange: () => void;

  /** `onChange` is called when an override is about to change. */
  constructor(unkey: UnkeyCore, namespace: string, onChange: () => void) {
    this.#unkey = unkey;
    this.#namespace = namespace;
    this.#onChange = onChange;
  }

  /** The override that applies to an identifier; rejects with 404 when none does. */
  get(identifier: string, options?: CallOptions): Call<Answer<GetOverrideData>> {
    return this.#unkey.request('ratelimit.getOverride', { namespace: this.#namespace, identifier }, options);
  }

  /** Makes an override, or changes the one for the same identifier. A `limit` of 0 lets nothing through. */
  set(
    identifier: string,
    { limit, duration }: { readonly limit: number; readonly duration: Duration },
    options?: CallOptions,
  ): Call<Answer<SetOverrideData>> {
    const body = { namespace: this.#namespace, identifier, limit, duration: parseDuration(duration) };
    this.#onChange();
    return this.#unkey.request('ratelimit.setOverride', body, options);
  }

  /** Deletes the override that was set for exactly this identifier, `*` included. */
  delete(identifier: string, options?: CallOptions): Call<Answer<DeleteOverrideData>> {
    this.#onChange();
    return this.#unkey.request(
      'ratelimit.deleteOverride',
      { namespace: this.#namespace, identifier },
      options,
    );
  }

  /** All overrides, page after page. `limit`: how many to a page. */
  list(
    { limit }: { readonly limit?: number | undefined } = {},
    options?: CallOptions,
  ): ListCall<RatelimitOverride> {
    const load = (cursor?: string): Call<PageAnswer<RatelimitOverride>> =>
      this.#unkey.request(
        'ratelimit.listOverrides',
        { namespace: this.#namespace, limit, ...(cursor && { cursor }) },
        options,
      );
    return new ListCall(load);
  }
}
