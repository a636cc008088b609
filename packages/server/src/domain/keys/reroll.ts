/** When a rerolled key expires: at once, or after `expirationMs`, rounded up to the next full minute. */
export function oldKeyExpiry(now: number, expirationMs: number): number {
  if (expirationMs === 0) return now;
  return Math.ceil((now + expirationMs) / minuteMs) * minuteMs;
}

const minuteMs = 60_000;
