import Type from 'typebox';
import { choice } from './choice.ts';
import { wholeNumber } from './integer.ts';
import { nullable } from './nullable.ts';

const refillFields = {
  interval: choice(['daily', 'monthly'], { description: 'How often the credits are refilled.' }),
  amount: wholeNumber({
    minimum: 1,
    description: 'Credits after a refill. A refill never lowers them.',
  }),
  refillDay: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 31,
      description:
        'Day of the month, only for `monthly`, where it is required. A shorter month uses its last day.',
    }),
  ),
};

const remaining = wholeNumber({ minimum: 0, description: 'Credits left.' });

/** When credits are refilled, and to how many. */
const creditsRefill = Type.Object(refillFields, {
  title: 'KeyCreditsRefill',
  additionalProperties: false,
  description: 'Refills the credits at 00:00 UTC, every day or once a month. Absent: never.',
});

/** Credits of a key. */
export const credits = Type.Object(
  {
    remaining: nullable(remaining, 'Credits left; null: unlimited.'),
    refill: Type.Optional(creditsRefill),
  },
  {
    title: 'KeyCreditsData',
    additionalProperties: false,
    description: 'Credits of the key. Absent: unlimited.',
  },
);

/** Credits in an update, where null removes a setting. */
export const creditsUpdate = nullable(
  Type.Object(
    {
      remaining: Type.Optional(nullable(remaining, 'Credits left; null: unlimited, without refill.')),
      refill: Type.Optional(
        nullable(
          Type.Object(refillFields, { title: 'UpdateKeyCreditsRefill', additionalProperties: false }),
          'When the credits are refilled, and to how many; null: never.',
        ),
      ),
    },
    { title: 'UpdateKeyCreditsData', additionalProperties: false },
  ),
  'Credits of the key. Properties that are left out stay; null: unlimited, without refill.',
);
