import Type from 'typebox';

/** What the header `Idempotency-Key` may hold. */
export const idempotencyKey = Type.String({ minLength: 1, maxLength: 255, pattern: '^[!-~]*$' });

/** How long an answer is kept for repetitions, by where it is kept; from the first request on. */
export const answerLifetimes = {
  stored: { milliseconds: 86_400_000, inWords: '24 hours' },
  remembered: { milliseconds: 60_000, inWords: '60 seconds' },
} as const;
