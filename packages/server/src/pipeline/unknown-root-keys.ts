import type { Log } from '../base/log.ts';
import { Refusal } from '../operations/refusal.ts';

const windowMs = 60_000;
/** Ten a second: a program with a wrong root key, or one that guesses. */
const maxPerWindow = 600;
const maxAddresses = 10_000;
const logPauseMs = 10_000;

interface Window {
  readonly endsAt: number;
  count: number;
}

/**
 * Counts requests with unknown root keys by address. Only such requests are counted and refused, so an address that sends
 * too many does not affect valid root keys behind the same address.
 */
export class UnknownRootKeys {
  readonly #log: Log;
  /** Oldest first. */
  readonly #windows = new Map<string, Window>();
  #loggedAt = Number.NEGATIVE_INFINITY;
  #unlogged = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The refusal for an address above its share; null below it. */
  count(address: string, now: number): Refusal | null {
    const network = networkOf(address);
    const window = this.#windowOf(network, now);
    window.count++;
    this.#report(network, now);
    if (window.count <= maxPerWindow) return null;
    const seconds = String(Math.max(1, Math.ceil((window.endsAt - now) / 1000)));
    const detail =
      'The root key does not exist, and this address has sent too many unknown root keys within a minute. ' +
      'Use a root key of this server.';
    const code = 'user/too_many_requests/workspace_rate_limited';
    return new Refusal(code, detail, [], { 'retry-after': seconds });
  }

  #windowOf(network: string, now: number): Window {
    const known = this.#windows.get(network);
    // The clock may have been set back: then the window is a new one, too.
    if (known !== undefined && known.endsAt > now && known.endsAt <= now + windowMs) return known;
    this.#windows.delete(network);
    const window = { endsAt: now + windowMs, count: 0 };
    this.#windows.set(network, window);
    if (this.#windows.size > maxAddresses) {
      for (const oldest of this.#windows.keys()) {
        this.#windows.delete(oldest);
        break;
      }
    }
    return window;
  }

  /** One line for all that came since the last one, with the address of the newest. */
  #report(address: string, now: number): void {
    this.#unlogged++;
    const elapsed = now - this.#loggedAt;
    if (elapsed >= 0 && elapsed < logPauseMs) return;
    this.#log.warn({ address, refused: this.#unlogged }, 'requests with unknown root keys');
    this.#loggedAt = now;
    this.#unlogged = 0;
  }
}

/** One holder has 2^64 addresses of IPv6: they are counted as one. Any other text is cut. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address.slice(0, 64);
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? 0 : tail.split(':').length;
  while (tail !== undefined && groups.length < Math.min(4, 8 - after)) groups.push('0');
  return `${groups.slice(0, 4).join(':')}::/64`.slice(0, 64);
}
