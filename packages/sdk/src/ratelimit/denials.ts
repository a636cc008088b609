import type { LimitData } from '../generated/api.ts';

/** The parameters of a call. An override can replace limit and duration. */
export interface LimitParams {
  readonly identifier: string;
  readonly limit: number;
  readonly durationMs: number;
  readonly cost: number;
}

/** Times of a response. */
export interface ResponseTime {
  /** When the request was sent, on this process's monotonic clock. */
  readonly sentAt: number;
  /** The header `Date`: Unix milliseconds, in whole seconds. */
  readonly date: number;
}

/** A lower bound of what the service has counted for an identifier: what this process itself has consumed. */
export interface KnownUsage {
  /** From the last response. */
  readonly limit: number;
  readonly reset: number;
  readonly overrideId: string | undefined;
  readonly sentAt: number;
  /** Added to the monotonic clock it gives a time that the service's clock has not reached yet. */
  readonly aheadMs: number;
  /** Consumed in the window that ends at `reset`. */
  readonly consumed: number;
  /** Consumed in the previous window. */
  readonly consumedBefore: number;
}

/** Overrides and restarts of the service are noticed within this time. */
const freshMs = 5000;

// `Date` has no fractions of a second, and a busy service may update it late.
const dateSlackMs = 1500;

/**
 * Predicts denials that are certain without a request. Windows slide, so one denial says nothing about the next
 * millisecond. But what this process has consumed stays counted in its window. The service's rule, applied to this lower
 * bound, denies only calls that the service would deny too.
 */
export class DenialCache {
  readonly #max: number;
  // Ordered by their last response.
  readonly #usage = new Map<string, KnownUsage>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#usage.size;
  }

  known(params: LimitParams): KnownUsage | undefined {
    return this.#usage.get(nameOf(params));
  }

  /** The response that the service would certainly send now; undefined: send the request. */
  denial(params: LimitParams, now: number): LimitData | undefined {
    const known = this.known(params);
    if (known === undefined || now - known.sentAt > freshMs) return undefined;
    const serverNow = now + known.aheadMs;
    const { overrideId } = known;
    const limit = overrideId === undefined ? params.limit : known.limit;
    const isDenied = weight(known, params.durationMs, serverNow) + params.cost > limit;
    if (!isDenied) return undefined;
    // The duration of an override is unknown, and so is the window after this one.
    const reset = serverNow < known.reset ? known.reset : known.reset + params.durationMs;
    if (serverNow >= reset || (reset !== known.reset && overrideId !== undefined)) return undefined;
    return { success: false, limit, remaining: 0, reset, ...(overrideId !== undefined && { overrideId }) };
  }

  /** `before`: the usage that was known when the request was sent. */
  learn(
    params: LimitParams,
    response: LimitData,
    { sentAt, date }: ResponseTime,
    before: KnownUsage | undefined,
  ): void {
    if (Number.isNaN(date)) return;
    const name = nameOf(params);
    const latest = this.#usage.get(name);
    const { limit, reset, overrideId } = response;
    const aheadMs = date + dateSlackMs - sentAt;
    const consumed = response.success ? params.cost : 0;
    const contradicts =
      response.success &&
      before !== undefined &&
      weight(before, params.durationMs, date + dateSlackMs) + consumed > limit - response.remaining;
    this.#usage.delete(name);
    this.#usage.set(name, {
      limit,
      reset,
      overrideId,
      sentAt,
      aheadMs,
      ...(contradicts
        ? { consumed, consumedBefore: 0 }
        : addUsage(latest, response, params.durationMs, consumed)),
    });
    if (this.#usage.size <= this.#max) return;
    for (const oldest of this.#usage.keys()) {
      this.#usage.delete(oldest);
      break;
    }
  }

  clear(): void {
    this.#usage.clear();
  }
}

function nameOf({ identifier, durationMs }: LimitParams): string {
  return `${durationMs} ${identifier}`;
}

/** The least that the service counts at a time of its clock. It falls as time passes. */
function weight(
  { reset, consumed, consumedBefore }: KnownUsage,
  durationMs: number,
  serverNow: number,
): number {
  const left = (reset - serverNow) / durationMs;
  if (left > 0) return consumed + Math.floor(consumedBefore * Math.min(1, left));
  return Math.floor(consumed * Math.max(0, 1 + left));
}

/** The known usage after one more response. Usage of another counter is dropped. */
function addUsage(
  latest: KnownUsage | undefined,
  { reset, overrideId }: LimitData,
  durationMs: number,
  consumed: number,
): Pick<KnownUsage, 'consumed' | 'consumedBefore'> {
  if (latest !== undefined && latest.overrideId === overrideId) {
    if (reset === latest.reset)
      return { consumed: latest.consumed + consumed, consumedBefore: latest.consumedBefore };
    if (reset === latest.reset + durationMs && overrideId === undefined) {
      return { consumed, consumedBefore: latest.consumed };
    }
  }
  return { consumed, consumedBefore: 0 };
}
