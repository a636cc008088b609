import { parseUnits } from '@unkey-ts/server';
import { EmulatorError } from './emulator-error.ts';
import { shown } from './shown.ts';
import type { Duration, Moment } from './types.ts';

/** The latest time that the API accepts: 2100-01-01T00:00:00Z. */
const latest = Date.UTC(2100, 0, 1);
const isoDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** Milliseconds. */
export function parseDuration(duration: Duration): number {
  const milliseconds = typeof duration === 'string' ? parseUnits(duration) : duration;
  if (typeof milliseconds === 'number' && Number.isSafeInteger(milliseconds) && milliseconds > 0)
    return milliseconds;
  throw new EmulatorError(
    `${shown(duration)} is not a duration: use a positive number with a unit (500ms, 30s, 5m, 1h, 31d), or a positive integer of milliseconds.`,
  );
}

/** Unix milliseconds. A text without zone is in UTC, on every machine. */
export function parseMoment(moment: Moment): number {
  const time = typeof moment === 'string' ? parseIso(moment) : Number(moment);
  if (Number.isSafeInteger(time) && time >= 0 && time <= latest) return time;
  throw new EmulatorError(
    `${shown(moment)} is not a time: use an ISO 8601 text such as 2026-01-31T23:59:00Z, a Date, or Unix milliseconds, at most the year 2100.`,
  );
}

function parseIso(text: string): number {
  const [, time, , , zone] = isoDate.exec(text) ?? [null];
  if (!isoDate.test(text)) return Number.NaN;
  return Date.parse(time !== undefined && zone === undefined ? `${text}Z` : text);
}

/** A moment, or a duration from `now`. */
export function parseMomentOrDuration(value: Moment, now: number): number {
  const duration = typeof value === 'string' ? parseUnits(value) : null;
  return duration === null ? parseMoment(value) : now + duration;
}
