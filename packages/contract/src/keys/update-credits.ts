import Type from 'typebox';
import { operation } from '../operation.ts';
import { choice } from '../schemas/choice.ts';
import { credits } from '../schemas/credits.ts';
import { wholeNumber } from '../schemas/integer.ts';
import { nullable } from '../schemas/nullable.ts';
import { onKey } from './key-access.ts';

export const updateCredits = operation({
  id: 'keys.updateCredits',
  method: 'POST',
  mode: 'write',
  summary: 'Update the credits of a key',
  description: `\`set\` without a value, or with null, makes the key unlimited and removes its refill. \`decrement\` stops at 0.

\`increment\` and \`decrement\` require a value and a key with limited credits; otherwise the response is 400.`,
  input: Type.Object(
    {
      keyId: Type.String({ minLength: 3, description: 'Id of the key, `key_…`; not the key itself.' }),
      value: Type.Optional(
        nullable(
          wholeNumber({ minimum: 0, description: '' }),
          'Number of credits; null, for `set` only: unlimited.',
        ),
      ),
      operation: choice(['set', 'increment', 'decrement'], { description: 'What to do with the value.' }),
    },
    { additionalProperties: false },
  ),
  output: credits,
  isPaged: false,
  access: [{ requires: onKey('update_key') }],
  errors: ['unkey/data/key_not_found'],
  audit: ['key.update'],
  hasCreditsAlias: false,
  idempotent: 'with key',
  idempotency: 'durable',
  example: {
    request: { keyId: 'key_8fJ2mQw4Z', operation: 'increment', value: 500 },
    response: { remaining: 1450, refill: { interval: 'monthly', amount: 1000, refillDay: 1 } },
  },
});
