import { type Clock, systemClock } from '@unkey-ts/server';
import { EmulatorError } from './emulator-error.ts';
import { parseDuration, parseMoment } from './time.ts';
import type { Duration, Moment, TestClock } from './types.ts';

export interface EmulatorClock extends TestClock, Clock {
  /** Back to the time of the start. */
  restart(): void;
}

/** `onMove` runs what has become due; the methods wait for it. */
export function createClock(options: {
  readonly start: number;
  readonly isRunning: boolean;
  readonly onMove: () => Promise<void>;
}): EmulatorClock {
  const { start, isRunning, onMove } = options;
  let base = start;
  let since = systemClock.now();
  const now = () => (isRunning ? base + systemClock.now() - since : base);

  async function moveTo(time: number): Promise<number> {
    base = time;
    since = systemClock.now();
    await onMove();
    return time;
  }

  return {
    now,
    async advance(by: Duration) {
      return moveTo(parseMoment(now() + parseDuration(by)));
    },
    async set(to: Moment) {
      const time = parseMoment(to);
      const current = now();
      if (time >= current) return moveTo(time);
      const dates = [time, current].map((at) => new Date(at).toISOString());
      throw new EmulatorError(
        `The clock cannot be set back, to ${dates[0]}: it is ${dates[1]}. Use reset(), which begins again.`,
      );
    },
    restart() {
      base = start;
      since = systemClock.now();
    },
  };
}
