import Type from 'typebox';

/** The largest number of items of a page. */
export function pageLimit(fallback: number) {
  return Type.Integer({
    minimum: 1,
    maximum: 100,
    default: fallback,
    description: `Largest number of items in the page. Default ${fallback}.`,
  });
}

const cursorDescription = '`pagination.cursor` of the previous page. Absent: the first page.';

export const cursor = Type.String({ description: cursorDescription });

export const boundedCursor = Type.String({ maxLength: 1024, description: cursorDescription });

/** A filter of lists: a substring, regardless of case and accents. */
export function search(searched: string) {
  return Type.String({
    maxLength: 256,
    description: `Only items whose ${searched} contains this text, regardless of case and accents. Blank: all items.`,
  });
}

/** What a list returns beside `data`. */
export const pagination = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: '`cursor` of the next page. Present exactly if there is one.',
      }),
    ),
    hasMore: Type.Boolean({ description: 'Whether there is a next page.' }),
  },
  { title: 'Pagination', additionalProperties: false, description: 'Position in a list.' },
);
