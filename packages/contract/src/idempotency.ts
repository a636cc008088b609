import Type from 'typebox';

/** Value of the header `Idempotency-Key`. */
export const idempotencyKey = Type.String({ minLength: 1, maxLength: 255, pattern: '^[!-~]*$' });

/** How long an idempotency record is kept, from the first request on. */
export const idempotencyLifetimes = {
  durable: { milliseconds: 86_400_000, inWords: '24 hours' },
  cached: { milliseconds: 60_000, inWords: '60 seconds' },
} as const;
