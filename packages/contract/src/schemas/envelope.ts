import Type from 'typebox';

/** Metadata of every response. */
export const responseMeta = Type.Object(
  { requestId: Type.String({ description: 'Id of this request, `req_…`. Quote it when you ask for help.' }) },
  { title: 'Meta', additionalProperties: false, description: 'Metadata of this response.' },
);

/** One thing that is wrong with a request. */
const validationError = Type.Object(
  {
    location: Type.String({ description: 'Where in the request, for example `body.ratelimits[0].limit`.' }),
    message: Type.String({ description: 'The rule that the value breaks, and the value.' }),
    fix: Type.Optional(Type.String({ description: 'How to fix it.' })),
  },
  {
    title: 'ValidationError',
    additionalProperties: false,
    description: 'One thing that is wrong with a request.',
  },
);

const errorFields = {
  detail: Type.String({ description: 'What went wrong and how to fix it. For humans: do not compare it.' }),
  status: Type.Integer({ description: 'The HTTP status.' }),
  title: Type.String({ description: 'Short name of the error.' }),
  type: Type.String({ description: 'URL that identifies the error and never changes. Compare this.' }),
};

/** Why a request was refused. */
export const errorBody = Type.Object(errorFields, {
  title: 'BaseError',
  additionalProperties: false,
  description: 'Why a request was refused.',
});

/** Why an invalid request was refused, with one issue for each place. */
export const badRequestBody = Type.Object(
  {
    ...errorFields,
    errors: Type.Array(validationError, { description: 'One issue for each place; may be empty.' }),
  },
  {
    title: 'BadRequestErrorDetails',
    additionalProperties: false,
    description: 'Why a request was refused, with one issue for each place.',
  },
);
