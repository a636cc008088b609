import { type Operation, operations } from '@unkey-ts/contract';
import { expect, test } from 'vitest';
import { closedChoices, typeParametersOf, variantsOf } from './sdk-refinements.ts';
import { apiTypes, errorCodeTypes, operationTables } from './sdk-types.ts';

const wholeTable = Object.values<Operation>(operations);

const choice = { type: 'string', enum: ['on', 'off'], description: 'Whether it is sent.' };

/** An operation that the contract does not have, with a resource, a noun and a list of its own. */
const listWebhooks: Operation = {
  ...operations['permissions.listRoles'],
  id: 'webhooks.listWebhooks',
  summary: 'List webhooks',
  input: {
    type: 'object',
    properties: {
      order: { type: 'string', enum: ['asc', 'desc'], description: 'Which comes first.' },
      limit: { type: 'integer', minimum: 1, maximum: 100, default: 20, description: 'At most. Default 20.' },
    },
  },
  output: {
    type: 'array',
    items: {
      type: 'object',
      title: 'Webhook',
      required: ['secret', 'state'],
      properties: {
        secret: { type: 'string', 'x-redact': true, description: 'Signs what is sent.' },
        state: { type: 'string', enum: ['on', 'off'], description: 'Whether it is sent.' },
        endedAt: { type: ['integer', 'null'], minimum: 0 },
      },
    },
  },
};

test('a new operation appears in the client without further edits: method, types and tables', () => {
  const text = apiTypes([...wholeTable, listWebhooks]);
  expect(text).toContain('export interface Webhooks {');
  expect(text).toContain(
    '  listWebhooks(request?: ListWebhooksRequest, options?: CallOptions): ListCall<Webhook, CommonErrorCode>;',
  );
  expect(text).toContain(
    "  'webhooks.listWebhooks': { request: ListWebhooksRequest; response: PageBody<Webhook>; options: CallOptions; errorCode: CommonErrorCode };",
  );
  expect(text).toContain(`export interface ListWebhooksRequest {
  /** Which comes first. */
  order?: 'asc' | 'desc' | undefined;
  /**
   * At most. From 1 to 100.
   * @default 20
   */
  limit?: number | undefined;
}`);
  expect(text).toContain(`export interface Webhook {
  /** Signs what is sent. Secret. */
  secret: string;
  /** Whether it is sent. */
  state: WebhookState;
  endedAt?: number | null;
}`);
  expect(text).toContain("export type WebhookState =\n  | 'on'\n  | 'off'\n  | (string & {});");
  expect(operationTables([listWebhooks])).toContain("  webhooks: 'listWebhooks*',");
});

test('two operations of one name do not get types of one name', () => {
  expect(() => apiTypes([...wholeTable, { ...listWebhooks, id: 'webhooks.getKey' }])).toThrow(
    'Two operations have a type GetKeyRequest',
  );
});

test('two schemas of one title do not get types of one name', () => {
  const output = { type: 'object', title: 'Role', properties: { color: { type: 'string' } } };
  expect(() => apiTypes([...wholeTable, { ...listWebhooks, isPaged: false, output }])).toThrow(
    'Two different types have the name Role',
  );
});

test.each(['Keys', 'Operations', 'LimitRequest'])(
  'a schema cannot be titled %s, which is in use',
  (title) => {
    const output = { type: 'object', title, properties: { color: { type: 'string' } } };
    expect(() => apiTypes([...wholeTable, { ...listWebhooks, isPaged: false, output }])).toThrow(
      `Two different types have the name ${title}`,
    );
  },
);

test('an enum of requests and responses is closed in requests and open in responses', () => {
  const text = apiTypes(wholeTable);
  const states: Operation = { ...listWebhooks, input: { type: 'object', properties: { state: choice } } };
  const withStates = apiTypes([...wholeTable, states]);
  expect(withStates).toMatch(/interface ListWebhooksRequest {[^}]*state\?: 'on' \| 'off' \| undefined;/);
  expect(text).toMatch(/interface CreditsRefill {[^}]*interval: CreditsRefillInterval;/);
  expect(text).toContain(
    "export type CreditsRefillInterval =\n  | 'daily'\n  | 'monthly'\n  | (string & {});",
  );
});

test('a type with variants is a union of interfaces, which share a base', () => {
  const text = apiTypes(wholeTable);
  expect(text).toContain('export type VerifyKeyData = ValidKey | RefusedKey | UnknownKey;');
  expect(text).toMatch(/interface Verification {[^}]*name\?: string;/);
  expect(text).toMatch(/interface ValidKey extends Verification {[^}]*keyId: string;/);
  expect(text).toMatch(/interface UnknownKey extends Verification {[^}]*keyId\?: undefined;/);
});

test('every refinement is of a type that exists, and every member of a variant is of its schema', () => {
  const text = apiTypes(wholeTable);
  for (const [name, { variants }] of Object.entries(variantsOf)) {
    expect(text).toContain(`export type ${name} = ${variants.map((variant) => variant.name).join(' | ')};`);
  }
  for (const name of Object.keys(typeParametersOf)) expect(text).toContain(`export interface ${name}<`);
  for (const name of closedChoices)
    expect(text).toMatch(new RegExp(`export type ${name} =(\\n  \\| '\\w+')+;`));
});

test('an error code is common to all operations or one of its own', () => {
  const text = errorCodeTypes(wholeTable);
  expect(text).toMatch(/CommonErrorCode =[^;]*\| 'insufficient_permissions'[^;]*;/);
  expect(text).not.toMatch(/CommonErrorCode =[^;]*\| 'api_not_found'[^;]*;/);
  expect(text).toMatch(/type ErrorCode =[^;]*\| 'api_not_found'/);
});

test('a description cannot end its comment', () => {
  expect(() => apiTypes([{ ...listWebhooks, description: 'Like `a/*/b`.' }])).toThrow('end of a comment');
});
