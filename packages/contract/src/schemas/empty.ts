import Type from 'typebox';

/** The `data` of an operation without a result. */
export const empty = Type.Object(
  {},
  {
    title: 'EmptyResponse',
    additionalProperties: false,
    description: 'Empty: the operation has no result.',
  },
);
