import { describe, expect, test } from 'vitest';
import { openapi } from './openapi.ts';
import { type Operation, pathOf } from './operation.ts';
import { errorsByStatus } from './operation-errors.ts';
import { operationIds, operations } from './operations.ts';
import { issuesOf } from './validate.ts';

type Json = Record<string, unknown>;

const document = openapi('1.2.3');

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

function at(reference: string): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (node, name) => (isObject(node) ? node[name.replaceAll('~1', '/')] : undefined),
      document,
    );
}

/** The node with all references replaced by what they name. */
function resolved(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(resolved);
  if (!isObject(node)) return node;
  if (typeof node.$ref === 'string') return resolved(at(node.$ref));
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, resolved(value)]));
}

function referencesIn(node: unknown): string[] {
  if (!isObject(node)) return [];
  const own = typeof node.$ref === 'string' ? [node.$ref] : [];
  return [...own, ...Object.values(node).flatMap(referencesIn)];
}

interface Content {
  readonly schema: Json;
  readonly example: unknown;
}

function contentOf(reference: string): Content {
  return resolved(at(reference)) as unknown as Content;
}

function placeOf(operation: Operation): string {
  return `#/paths/${pathOf(operation).replaceAll('/', '~1')}/${operation.method.toLowerCase()}`;
}

test('every reference leads somewhere, and every component is referred to', () => {
  const references = new Set(referencesIn(document));
  expect([...references].filter((reference) => at(reference) === undefined)).toEqual([]);
  const components = Object.keys(at('#/components/schemas') as Json);
  expect(components.filter((name) => !references.has(`#/components/schemas/${name}`))).toEqual([]);
});

test('the document is the same every time, and plain JSON', () => {
  expect(openapi('1.2.3')).toEqual(document);
  expect(JSON.parse(JSON.stringify(document))).toEqual(document);
});

test('the version is that of the caller', () => {
  expect(at('#/info/version')).toBe('1.2.3');
});

test('every operation is there, under a tag that is described', () => {
  const paths = Object.keys(at('#/paths') as Json);
  expect(paths).toEqual(operationIds.map((id) => `/v2/${id}`));
  const tags = (at('#/tags') as Json[]).map(({ name }) => name);
  const used = operationIds.map((id) => id.split('.')[0]);
  expect(new Set(used)).toEqual(new Set(tags));
});

test('a root key is needed everywhere but for liveness', () => {
  expect(at('#/security')).toEqual([{ bearer: [] }]);
  const exceptions = operationIds.filter((id) => at(`${placeOf(operations[id])}/security`) !== undefined);
  expect(exceptions).toEqual(['liveness']);
  expect(at('#/paths/~1v2~1liveness/get/security')).toEqual([]);
});

describe.each(Object.entries<Operation>(operations))('%s', (_, operation) => {
  const place = placeOf(operation);

  test('its example request fits its schema', () => {
    const body = at(`${place}/requestBody`);
    if (operation.input === null) return expect(body).toBeUndefined();
    const { schema, example } = contentOf(`${place}/requestBody/content/application~1json`);
    expect(example).toEqual(operation.example.request);
    expect(issuesOf(schema, example, 'body')).toEqual([]);
  });

  test('its example response matches its envelope', () => {
    const { schema, example } = contentOf(`${place}/responses/200/content/application~1json`);
    expect(issuesOf(schema, example, 'response')).toEqual([]);
    expect(Object.keys(schema.properties as Json)).toEqual([
      'meta',
      ...(operation.output === null ? [] : ['data']),
      ...(operation.isPaged ? ['pagination'] : []),
    ]);
  });

  test('it tells of Idempotency-Key where it looks at it', () => {
    const parameters = resolved(at(`${place}/parameters`)) as Json[] | undefined;
    const headers = resolved(at(`${place}/responses/200/headers`)) as Json;
    const isTold = operation.idempotency !== undefined;
    expect((parameters ?? []).map(({ name }) => name)).toEqual(isTold ? ['Idempotency-Key'] : []);
    expect('Idempotent-Replayed' in headers).toBe(isTold);
  });

  test('it lists every status, each with its codes and an example that fits', () => {
    const byStatus = errorsByStatus(operation);
    const responses = resolved(at(`${place}/responses`)) as Record<string, Json>;
    expect(Object.keys(responses)).toEqual(['200', ...[...byStatus.keys()].map(String)]);
    for (const [status, codes] of byStatus) {
      const response = responses[status] as { description: string; content: Record<string, Content> };
      expect(codes.filter((code) => !response.description.includes(`/errors/${code}\``))).toEqual([]);
      const content = response.content['application/json'];
      expect(issuesOf(content?.schema ?? {}, content?.example, 'response')).toEqual([]);
      expect(response.content['application/problem+json']?.schema).toEqual(content?.schema);
    }
  });
});

test('secrets are marked, and nothing else is', () => {
  const marked = (node: unknown, path: string): string[] => {
    if (!isObject(node)) return [];
    const own = node['x-redact'] === true ? [path] : [];
    return [...own, ...Object.entries(node).flatMap(([name, value]) => marked(value, `${path}/${name}`))];
  };
  expect(marked(at('#/components/schemas'), '')).toEqual([
    '/KeyResponseData/properties/plaintext',
    '/V2KeysCreateKeyResponseData/properties/key',
    '/V2KeysRerollKeyResponseData/properties/key',
    '/V2KeysVerifyKeyRequestBody/properties/key',
    '/V2KeysWhoamiRequestBody/properties/key',
  ]);
});

test('every field has a description', () => {
  const bare = (node: unknown, path: string): string[] => {
    if (!isObject(node)) return [];
    const fields =
      isObject(node.properties) && node.type !== undefined ? Object.entries(node.properties) : [];
    const own = fields
      .filter(([, field]) => isObject(field) && field.$ref === undefined && !field.description)
      .map(([name]) => `${path}.${name}`);
    return [...own, ...Object.entries(node).flatMap(([name, value]) => bare(value, `${path}/${name}`))];
  };
  const envelopes = /ResponseBody\.(meta|data|pagination)$|ErrorResponse\.(meta|error)$/;
  expect(bare(at('#/components/schemas'), '').filter((place) => !envelopes.test(place))).toEqual([]);
});
