import type { LimitData } from '../generated/api.ts';

/** What is asked for: the numbers of the call, which an override may replace. */
export interface Ask {
  readonly identifier: string;
  readonly limit: number;
  readonly durationMs: number;
  readonly cost: number;
}

/** When an answer came about. */
export interface AnswerTime {
  /** When the request was sent, on this process's own steady clock. */
  readonly sentAt: number;
  /** The `Date` of the answer: Unix milliseconds, whole seconds. */
  readonly date: number;
}

/** What the service has certainly counted for an identifier: what this process took itself. Others only add to it. */
export interface Known {
  /** Of the last answer. */
  readonly limit: number;
  readonly reset: number;
  readonly overrideId: string | undefined;
  readonly sentAt: number;
  /** What is added to the steady clock to have a time that the service's clock has not reached yet. */
  readonly aheadMs: number;
  /** Taken in the window that ends at `reset`. */
  readonly taken: number;
  /** Taken in the window before. */
  readonly takenBefore: number;
}

/** Overrides and restarts of the service are noticed after this time at the latest. */
const freshMs = 5000;

// `Date` has no fractions of a second, and a busy service may be late to renew it.
const dateSlackMs = 1500;

/**
 * Tells denials that are certain without a request. A window slides, so a denial alone says nothing about the next
 * millisecond; but what this process took in a window stays counted in it. The service's own rule over that much,
 * which is never more than the service counts, denies only what the service would deny.
 */
export class DenialMemory {
  readonly #max: number;
  // In the order of their answers.
  readonly #known = new Map<string, Known>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#known.size;
  }

  known(ask: Ask): Known | undefined {
    return this.#known.get(nameOf(ask));
  }

  /** The answer that the service would certainly give now; undefined: it must be asked. */
  denial(ask: Ask, now: number): LimitData | undefined {
    const known = this.known(ask);
    if (known === undefined || now - known.sentAt > freshMs) return undefined;
    const serverNow = now + known.aheadMs;
    const { overrideId } = known;
    const limit = overrideId === undefined ? ask.limit : known.limit;
    const isDenied = weight(known, ask.durationMs, serverNow) + ask.cost > limit;
    if (!isDenied) return undefined;
    // A window of an override is of unknown length: what follows it is not known.
    const reset = serverNow < known.reset ? known.reset : known.reset + ask.durationMs;
    if (serverNow >= reset || (reset !== known.reset && overrideId !== undefined)) return undefined;
    return { success: false, limit, remaining: 0, reset, ...(overrideId !== undefined && { overrideId }) };
  }

  /** `before`: what was known when the request was sent. */
  learn(ask: Ask, answer: LimitData, { sentAt, date }: AnswerTime, before: Known | undefined): void {
    if (Number.isNaN(date)) return;
    const name = nameOf(ask);
    const latest = this.#known.get(name);
    const { limit, reset, overrideId } = answer;
    const aheadMs = date + dateSlackMs - sentAt;
    const taken = answer.success ? ask.cost : 0;
    const contradicts =
      answer.success &&
      before !== undefined &&
      weight(before, ask.durationMs, date + dateSlackMs) + taken > limit - answer.remaining;
    this.#known.delete(name);
    this.#known.set(name, {
      limit,
      reset,
      overrideId,
      sentAt,
      aheadMs,
      ...(contradicts ? { taken, takenBefore: 0 } : added(latest, answer, ask.durationMs, taken)),
    });
    if (this.#known.size <= this.#max) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }

  forget(): void {
    this.#known.clear();
  }
}

function nameOf({ identifier, durationMs }: Ask): string {
  return `${durationMs} ${identifier}`;
}

/** What the service counts at least at a time of its clock. Less and less as time passes, also over the window's end. */
function weight({ reset, taken, takenBefore }: Known, durationMs: number, serverNow: number): number {
  const left = (reset - serverNow) / durationMs;
  if (left > 0) return taken + Math.floor(takenBefore * Math.min(1, left));
  return Math.floor(taken * Math.max(0, 1 + left));
}

/** What is known to be taken with one more answer; knowledge of another counter does not count. */
function added(
  latest: Known | undefined,
  { reset, overrideId }: LimitData,
  durationMs: number,
  taken: number,
): Pick<Known, 'taken' | 'takenBefore'> {
  if (latest !== undefined && latest.overrideId === overrideId) {
    if (reset === latest.reset) return { taken: latest.taken + taken, takenBefore: latest.takenBefore };
    if (reset === latest.reset + durationMs && overrideId === undefined) {
      return { taken, takenBefore: latest.taken };
    }
  }
  return { taken, takenBefore: 0 };
}
