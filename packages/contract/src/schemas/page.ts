import Type from 'typebox';

/** How many entries a page may hold. */
export function pageLimit(fallback: number) {
  return Type.Integer({
    minimum: 1,
    maximum: 100,
    default: fallback,
    description: `The most entries to answer with. Default ${fallback}.`,
  });
}

const cursorDescription =
  'Where to go on: the `pagination.cursor` of the page before. Leave it out to start at the beginning.';

export const cursor = Type.String({ description: cursorDescription });

export const boundedCursor = Type.String({ maxLength: 1024, description: cursorDescription });

/** A filter of lists: a plain substring, upper and lower case alike. */
export function search(searched: string) {
  return Type.String({
    maxLength: 256,
    description: `Keeps entries whose ${searched} contains this text, upper and lower case alike. Blank: all entries.`,
  });
}

/** What a list answers with beside `data`. */
export const pagination = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: 'Send it as `cursor` to get the next page. Present exactly when there is one.',
      }),
    ),
    hasMore: Type.Boolean({ description: 'Whether there is a page after this one.' }),
  },
  { title: 'Pagination', additionalProperties: false, description: 'How a list goes on.' },
);
