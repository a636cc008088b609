import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { isReported } from './unavailable.ts';

/** What waits in a queue for a call that failed gets its turn within this time. */
const holdMs = 100;
/** A database that replies to nothing for this long is out of reach. */
export const replyMs = 1200;

/**
 * Whether the network to the database is dead, as all pools of a process know it: what one call waited for in vain, the
 * calls behind it must not wait for again, one after the other.
 */
export class Reachability {
  readonly #ping: () => Promise<unknown>;
  #pinging: Promise<boolean> | null = null;
  #deadUntil = Number.NEGATIVE_INFINITY;

  /** `ping` resolves when the database replies on another connection. */
  constructor(ping: () => Promise<unknown>) {
    this.#ping = ping;
  }

  /** Whether a call has just waited in vain. */
  get isDead(): boolean {
    return performance.now() < this.#deadUntil;
  }

  /** A call has waited in vain. */
  reportDead(): void {
    this.#deadUntil = performance.now() + holdMs;
  }

  /** Whether the database replies to anybody, be it with an error. */
  replies(): Promise<boolean> {
    this.#pinging ??= Promise.race([this.#ping().then(() => true, isReported), noReply()]).finally(() => {
      this.#pinging = null;
    });
    return this.#pinging;
  }
}

async function noReply(): Promise<false> {
  await sleep(replyMs, undefined, { ref: false });
  // A reply that arrived while this process was busy is read first.
  await nextTurn();
  return false;
}
