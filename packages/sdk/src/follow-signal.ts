import type { AbortSignalLike } from './platform.ts';

const followersOf = new Map<AbortSignalLike, Set<() => void>>();

/**
 * Calls `run` when the signal is aborted. Calls that share a signal share one listener: Node warns of a leak at the 11th.
 * Returns a function that ends this.
 */
export function followSignal(signal: AbortSignalLike, run: () => void): () => void {
  const followers = followersOf.get(signal) ?? new Set();
  followersOf.set(signal, followers.add(run));
  // A listener that is there already is not added again.
  signal.addEventListener?.('abort', notify);
  return () => {
    followers.delete(run);
    if (followers.size > 0) return;
    followersOf.delete(signal);
    signal.removeEventListener?.('abort', notify);
  };
}

function notify(this: AbortSignalLike): void {
  for (const run of followersOf.get(this) ?? []) run();
}
