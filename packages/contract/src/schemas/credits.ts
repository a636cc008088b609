import Type from 'typebox';
import { choice } from './choice.ts';
import { wholeNumber } from './integer.ts';
import { nullable } from './nullable.ts';

const refillFields = {
  interval: choice(['daily', 'monthly'], { description: 'How often the credits are filled up.' }),
  amount: wholeNumber({
    minimum: 1,
    description: 'What the credits are filled up to. They are never lowered.',
  }),
  refillDay: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 31,
      description:
        'Day of the month, for `monthly` only, which needs it. A month that lacks the day uses its last one.',
    }),
  ),
};

const remaining = wholeNumber({ minimum: 0, description: 'Credits left.' });

/** When and how far credits are filled up. */
const creditsRefill = Type.Object(refillFields, {
  title: 'KeyCreditsRefill',
  additionalProperties: false,
  description: 'Fills the credits up at 00:00 UTC, every day or once a month. Absent: never.',
});

/** How often a key may still be used. */
export const credits = Type.Object(
  {
    remaining: nullable(remaining, 'Credits left; null: unlimited.'),
    refill: Type.Optional(creditsRefill),
  },
  {
    title: 'KeyCreditsData',
    additionalProperties: false,
    description: 'How much the key may still spend. Absent: unlimited.',
  },
);

/** The same in an update, where null takes a setting away. */
export const creditsUpdate = nullable(
  Type.Object(
    {
      remaining: Type.Optional(
        nullable(remaining, 'Credits left; null: unlimited from now on, and never refilled.'),
      ),
      refill: Type.Optional(
        nullable(
          Type.Object(refillFields, { title: 'UpdateKeyCreditsRefill', additionalProperties: false }),
          'When and how far the credits are filled up; null: never again.',
        ),
      ),
    },
    { title: 'UpdateKeyCreditsData', additionalProperties: false },
  ),
  'What the key may spend. Members that you leave out stay as they are; null: unlimited, never refilled.',
);
