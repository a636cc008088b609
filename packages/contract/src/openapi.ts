import type { TSchema } from 'typebox';
import { describeAccess } from './describe-access.ts';
import { errorMeanings } from './error-meanings.ts';
import { type ErrorCode, errors, errorType, statusesWithIssues } from './errors.ts';
import { idempotencyKey, idempotencyLifetimes } from './idempotency.ts';
import { type Operation, pathOf } from './operation.ts';
import { errorsByStatus } from './operation-errors.ts';
import { operations } from './operations.ts';
import { badRequestBody, errorBody, responseMeta } from './schemas/envelope.ts';
import { pagination } from './schemas/page.ts';

type Json = Record<string, unknown>;

const exampleRequestId = 'req_2cGKbMxRj';
const exampleCursor = 'key_9zXc8Vb7N';

const tags = [
  { name: 'keys', description: 'Create, verify and manage keys.' },
  { name: 'apis', description: 'Groups of keys.' },
  { name: 'identities', description: 'Your users, teams and organizations, which own keys.' },
  { name: 'permissions', description: 'Permissions and roles of keys.' },
  { name: 'ratelimit', description: 'Rate limits on anything, with or without a key.' },
  { name: 'liveness', description: 'Whether the service is up.' },
];

/** The API as an OpenAPI 3.1 document. Pure: the same version gives the same document. */
export function openapi(version: string): Json {
  const components = new Components();
  const paths = Object.fromEntries(
    Object.values<Operation>(operations).map((operation) => [
      pathOf(operation),
      { [operation.method.toLowerCase()]: operationObject(operation, components) },
    ]),
  );
  const responses = sharedFailures(components);
  return {
    openapi: '3.1.0',
    info: {
      title: 'unkey-ts',
      version,
      description:
        'API keys, identities, permissions, credits and rate limits. An independent implementation of the Unkey v2 API.',
    },
    // Relative to the address of the document: whichever host serves it.
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags,
    paths,
    components: {
      parameters: { IdempotencyKey: idempotencyKeyParameter },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'root key', description: 'A root key.' },
      },
      headers: {
        RequestId: {
          description: 'Id of this request, also in `meta.requestId`.',
          schema: { type: 'string' },
        },
        IdempotentReplayed: {
          description:
            'Present, and `true`, if this is the response to an earlier request with the same `Idempotency-Key`. `meta.requestId` is then that of the earlier request.',
          schema: { const: 'true' },
        },
      },
      responses,
      schemas: components.sorted(),
    },
  };
}

const idempotencyKeyParameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A unique value for this call, for example a UUID. If it is sent again with the same body and root key, the response is the first one, byte for byte, and nothing is done twice.',
  schema: idempotencyKey,
};

/** Collects the schemas under `components`: each schema with a `title` is there once and referenced elsewhere. */
class Components {
  readonly #schemas = new Map<string, Json>();

  /** Adds the schema under its own title, or under the given name. */
  named(name: string, schema: TSchema): Json {
    return this.#reference({ title: name, ...schema });
  }

  sorted(): Json {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #reference(schema: Json & { readonly title: string }): Json {
    const { title, ...rest } = schema;
    const inlined = this.#inline(rest);
    const known = this.#schemas.get(title);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(inlined)) {
      throw new Error(`Two different schemas are titled ${title}: give one of them another title.`);
    }
    this.#schemas.set(title, inlined);
    return { $ref: `#/components/schemas/${title}` };
  }

  #inline(schema: Json): Json {
    return Object.fromEntries(
      Object.entries(schema).map(([keyword, value]) => [keyword, this.#keyword(keyword, value)]),
    );
  }

  #keyword(keyword: string, value: unknown): unknown {
    if (keyword === 'items') return this.#schema(value as Json);
    if (keyword !== 'properties') return value;
    return Object.fromEntries(
      Object.entries(value as Json).map(([name, it]) => [name, this.#schema(it as Json)]),
    );
  }

  #schema(schema: Json): Json {
    return typeof schema.title === 'string'
      ? this.#reference({ ...schema, title: schema.title })
      : this.#inline(schema);
  }
}

function operationObject(operation: Operation, components: Components): Json {
  const name = componentName(operation.id);
  return {
    operationId: operation.id,
    tags: [operation.id.split('.')[0]],
    summary: operation.summary,
    description: [operation.description, ...repetitionSentence(operation), accessSentence(operation)].join(
      '\n\n',
    ),
    ...(operation.idempotency === undefined
      ? {}
      : { parameters: [{ $ref: '#/components/parameters/IdempotencyKey' }] }),
    'x-idempotent': operation.idempotent,
    ...(operation.access === 'public' ? { security: [] } : {}),
    ...(operation.input === null
      ? {}
      : { requestBody: requestBody(operation, operation.input, name, components) }),
    responses: {
      200: success(operation, name, components),
      ...Object.fromEntries(
        [...errorsByStatus(operation)].map(([status, codes]) => [
          status,
          failureOrReference(status, codes, components),
        ]),
      ),
    },
  };
}

function repetitionSentence({ idempotency }: Operation): string[] {
  if (idempotency === undefined) return [];
  return [
    `With an \`Idempotency-Key\`, the response is kept for ${idempotencyLifetimes[idempotency].inWords}. An error is not kept.`,
  ];
}

function accessSentence({ access }: Operation): string {
  if (access === 'public') return 'Requires no root key.';
  return [
    'Required permissions of the root key:',
    '',
    ...describeAccess(access).map((line) => `- ${line}`),
  ].join('\n');
}

/** `keys.createKey` → `V2KeysCreateKey`. */
function componentName(id: string): string {
  const parts = id.split('.').map((part) => part.charAt(0).toUpperCase() + part.slice(1));
  return `V2${parts.join('')}`;
}

function requestBody(operation: Operation, input: TSchema, name: string, components: Components): Json {
  const schema = components.named(`${name}RequestBody`, input);
  return { required: true, content: { 'application/json': { schema, example: operation.example.request } } };
}

function success(operation: Operation, name: string, components: Components): Json {
  const properties: Json = { meta: components.named('Meta', responseMeta) };
  if (operation.output !== null) properties.data = components.named(`${name}ResponseData`, operation.output);
  if (operation.isPaged) properties.pagination = components.named('Pagination', pagination);
  const body = { type: 'object', required: Object.keys(properties), properties, additionalProperties: false };
  const schema = components.named(`${name}ResponseBody`, body);
  return {
    description: 'Success.',
    headers: { ...requestIdHeader, ...(operation.idempotency === undefined ? {} : replayedHeader) },
    content: { 'application/json': { schema, example: exampleOf(operation) } },
  };
}

function exampleOf(operation: Operation): Json {
  return {
    meta: { requestId: exampleRequestId },
    ...(operation.output === null ? {} : { data: operation.example.response }),
    ...(operation.isPaged ? { pagination: { hasMore: true, cursor: exampleCursor } } : {}),
  };
}

const requestIdHeader = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };

const replayedHeader = { 'Idempotent-Replayed': { $ref: '#/components/headers/IdempotentReplayed' } };

const errorNames: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  408: 'RequestTimeout',
  409: 'Conflict',
  410: 'Gone',
  412: 'PreconditionFailed',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  429: 'TooManyRequests',
  500: 'InternalServer',
  503: 'ServiceUnavailable',
};

const errorHeaders: Readonly<Record<number, Json>> = {
  405: { Allow: { description: 'The method that the operation supports.', schema: { type: 'string' } } },
  429: {
    'Retry-After': { description: 'Seconds until the next window.', schema: { type: 'integer' } },
    'RateLimit-Limit': { description: 'Requests per minute of the workspace.', schema: { type: 'integer' } },
    'RateLimit-Remaining': { description: 'Requests left in this window.', schema: { type: 'integer' } },
    'RateLimit-Reset': { description: 'Seconds until the window ends.', schema: { type: 'integer' } },
  },
  503: {
    'Retry-After': { description: 'Seconds to wait before a retry.', schema: { type: 'integer' } },
  },
};

/** Errors that many operations share: declared once, under `components`. */
const sharedErrors = errorsByStatus({ access: [], errors: [], idempotency: 'durable' });

function sharedFailures(components: Components): Json {
  return Object.fromEntries(
    [...sharedErrors].map(([status, codes]) => [errorName(status), failure(status, codes, components)]),
  );
}

function failureOrReference(status: number, codes: readonly ErrorCode[], components: Components): Json {
  return String(sharedErrors.get(status)) === String(codes)
    ? { $ref: `#/components/responses/${errorName(status)}` }
    : failure(status, codes, components);
}

function failure(status: number, codes: readonly ErrorCode[], components: Components): Json {
  const schema = components.named(`${errorName(status)}ErrorResponse`, errorEnvelope(status, components));
  return {
    description: codes.map((code) => `- \`${errorType(code)}\`: ${errorMeanings[code]}`).join('\n'),
    headers: { ...requestIdHeader, ...errorHeaders[status] },
    content: {
      'application/json': { schema, example: errorExample(status, codes) },
      'application/problem+json': { schema },
    },
  };
}

function errorName(status: number): string {
  const name = errorNames[status];
  if (name === undefined) throw new Error(`Status ${status} has no component name: add it to errorNames.`);
  return name;
}

function errorEnvelope(status: number, components: Components): Json {
  const error = statusesWithIssues.has(status)
    ? components.named('BadRequestErrorDetails', badRequestBody)
    : components.named('BaseError', errorBody);
  return {
    type: 'object',
    required: ['meta', 'error'],
    properties: { meta: components.named('Meta', responseMeta), error },
  };
}

function errorExample(status: number, codes: readonly ErrorCode[]): Json {
  const [code = 'unkey/application/unexpected_error'] = codes;
  const error = {
    title: errors[code][1],
    detail: errorMeanings[code],
    status,
    type: errorType(code),
    ...(statusesWithIssues.has(status) ? { errors: exampleIssues(status) } : {}),
  };
  return { meta: { requestId: exampleRequestId }, error };
}

function exampleIssues(status: number): Json[] {
  return status === 400 ? [{ location: 'body.limit', message: 'must be at least 1 (is 0)' }] : [];
}
