import Type from 'typebox';

/** The `data` of an operation that has nothing to tell. */
export const empty = Type.Object(
  {},
  {
    title: 'EmptyResponse',
    additionalProperties: false,
    description: 'Nothing: that it was done is the answer.',
  },
);
