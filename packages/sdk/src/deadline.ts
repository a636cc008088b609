import { AbortError, TimeoutError, type UnkeyError } from './errors.ts';
import { followSignal } from './follow-signal.ts';
import { type AbortSignalLike, now, type OwnAbortSignal, platform } from './platform.ts';

/** Ends a call: at its deadline, by its signal, or with its client. One for all attempts of a call. */
export interface Deadline {
  /** For `fetch`. */
  readonly signal: OwnAbortSignal;
  /** On the clock of `now`; Infinity without a deadline. */
  readonly endsAt: number;
  /** Settles as the work does, or rejects when the call ends first: a custom fetch may ignore the signal. */
  race<Result>(work: Result | PromiseLike<Result>): Promise<Result>;
  /** Waits, or rejects when the call ends first. */
  sleep(delayMs: number): Promise<void>;
  abort(error: UnkeyError): void;
  /** Removes timers and the listener: nothing keeps the process alive. */
  clear(): void;
}

export function startDeadline(timeoutMs: number, outer: AbortSignalLike | null | undefined): Deadline {
  const controller = new platform.AbortController();
  const endsAt = timeoutMs > 0 ? now() + timeoutMs : Infinity;
  const timers: unknown[] = [];
  let fail: (error: UnkeyError) => void;
  const ended = new Promise<never>((_, reject) => {
    fail = reject;
  });
  ended.catch(() => {});

  function abort(error: UnkeyError): void {
    fail(error);
    controller.abort(error);
  }
  function startTimer(run: () => void, delayMs: number): void {
    // Timers with a longer delay fire at once.
    timers.push(platform.setTimeout(run, Math.min(delayMs, 0x7fffffff)));
  }
  const race = <Result>(work: Result | PromiseLike<Result>): Promise<Result> =>
    Promise.race([work as Promise<Result>, ended]);

  if (endsAt < Infinity) {
    startTimer(() => abort(new TimeoutError(`The call took longer than ${timeoutMs} ms.`)), timeoutMs);
  }
  const onAbort = () => abort(new AbortError('The call was aborted.', { cause: outer?.reason }));
  if (outer?.aborted) onAbort();
  const unfollow = outer && followSignal(outer, onAbort);
  return {
    signal: controller.signal,
    endsAt,
    race,
    sleep: (delayMs) => race(new Promise((resolve) => startTimer(resolve, delayMs))),
    abort,
    clear() {
      timers.forEach(platform.clearTimeout);
      unfollow?.();
    },
  };
}
