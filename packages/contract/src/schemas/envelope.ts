import Type from 'typebox';

/** What every answer carries about itself. */
export const responseMeta = Type.Object(
  { requestId: Type.String({ description: 'Id of this request, `req_…`. Quote it when you ask for help.' }) },
  { title: 'Meta', additionalProperties: false, description: 'About this answer.' },
);

/** One thing that is wrong with a request. */
const validationError = Type.Object(
  {
    location: Type.String({ description: 'Where in the request, for example `body.ratelimits[0].limit`.' }),
    message: Type.String({ description: 'What is wrong there, and what is allowed.' }),
    fix: Type.Optional(Type.String({ description: 'What to do about it.' })),
  },
  {
    title: 'ValidationError',
    additionalProperties: false,
    description: 'One thing that is wrong with a request.',
  },
);

const errorFields = {
  detail: Type.String({ description: 'What went wrong and what to do, for people. Do not compare it.' }),
  status: Type.Integer({ description: 'The HTTP status.' }),
  title: Type.String({ description: 'Short name of the kind of error.' }),
  type: Type.String({ description: 'URL that names the error for good. Compare this.' }),
};

/** Why a request was refused. */
export const errorBody = Type.Object(errorFields, {
  title: 'BaseError',
  additionalProperties: false,
  description: 'Why a request was refused.',
});

/** Why a malformed request was refused, place by place. */
export const badRequestBody = Type.Object(
  {
    ...errorFields,
    errors: Type.Array(validationError, { description: 'What is wrong, place by place; may be empty.' }),
  },
  {
    title: 'BadRequestErrorDetails',
    additionalProperties: false,
    description: 'Why a request was refused, place by place.',
  },
);
