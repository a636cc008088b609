import { isValid } from '@unkey-ts/contract';
import fc, { type Arbitrary } from 'fast-check';

/** The JSON Schema keywords that the contract's inputs use. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly maxProperties?: number;
}

/** Values that exist, by the name of the member (or list) that may hold them: they get a call past its look-ups. */
export type Known = Readonly<Record<string, readonly string[]>>;

/** A body with one error, and its location. */
export interface Broken {
  readonly body: unknown;
  readonly location: string;
}

/** Bodies that fit the schema. */
export function validBody(schema: Schema, known: Known, name = ''): Arbitrary<unknown> {
  const existing = (known[name] ?? []).filter((value) => isValid(schema, value));
  const made = madeUp(schema, known, name);
  return existing.length === 0
    ? made
    : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...existing) }, { weight: 1, arbitrary: made });
}

/** Bodies that break exactly one constraint of the schema: one source for each constraint. */
export function brokenBodies(schema: Schema, known: Known): readonly Arbitrary<Broken>[] {
  return breaks(schema, known, 'body', '');
}

function madeUp(schema: Schema, known: Known, name: string): Arbitrary<unknown> {
  const arbitraries = typesOf(schema).map((type) => ofType(type, schema, known, name));
  return arbitraries.length === 0 ? fc.jsonValue() : fc.oneof(...arbitraries);
}

function ofType(type: string, schema: Schema, known: Known, name: string): Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return integers(schema);
    case 'string':
      return schema.enum ? fc.constantFrom(...schema.enum) : strings(schema);
    case 'array':
      return arrays(schema, known, name);
    case 'object':
      return objects(schema, known);
    default:
      throw new Error(`Nothing makes values of the type ${type}.`);
  }
}

function integers({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Schema): Arbitrary<number> {
  const bounds = fc.constantFrom(minimum, maximum);
  const small = fc.integer({ min: minimum, max: Math.min(maximum, minimum + 100) });
  return fc.oneof(bounds, small, fc.bigInt({ min: BigInt(minimum), max: BigInt(maximum) }).map(Number));
}

const anyCharacter = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
  fc.constantFrom('é', '🚀', '北', '\n', '\u202e', '%', '_', '\\', "'", '<', '\ufeff'),
);

function strings({ minLength = 0, maxLength = 400, pattern }: Schema): Arbitrary<string> {
  const unit = pattern === undefined ? anyCharacter : fc.constantFrom(...alphabetOf(pattern));
  const short = fc.string({ unit, minLength, maxLength: Math.min(maxLength, minLength + 12) });
  return fc.oneof({ weight: 9, arbitrary: short }, fc.string({ unit, minLength: maxLength, maxLength }));
}

/** The contract's patterns are one class of characters, repeated. */
function alphabetOf(pattern: string): string[] {
  const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
  return ascii.filter((character) => new RegExp(pattern, 'u').test(character));
}

function arrays({ items = {}, minItems = 0, maxItems = 20 }: Schema, known: Known, name: string) {
  return fc.array(validBody(items, known, name), {
    minLength: minItems,
    maxLength: Math.min(maxItems, minItems + 3),
  });
}

function objects(schema: Schema, known: Known): Arbitrary<object> {
  const { properties, required = [], maxProperties = 100 } = schema;
  if (properties === undefined) {
    return fc.dictionary(strings({ maxLength: 20 }), fc.jsonValue(), { maxKeys: Math.min(maxProperties, 5) });
  }
  const members: Record<string, Arbitrary<unknown>> = {};
  for (const [name, member] of Object.entries(properties)) members[name] = validBody(member, known, name);
  return fc.record(members, { requiredKeys: [...required], noNullPrototype: true });
}

function breaks(schema: Schema, known: Known, location: string, name: string): Arbitrary<Broken>[] {
  return [
    ...ownBreaks(schema, known, name).map((value) => value.map((body) => ({ body, location }))),
    ...memberBreaks(schema, known, location),
    ...itemBreaks(schema, known, location, name),
  ];
}

function ownBreaks(schema: Schema, known: Known, name: string): Arbitrary<unknown>[] {
  const types = typesOf(schema);
  return [
    ...(types.length === 0 ? [] : [ofOtherTypes(types)]),
    ...(types.includes('string') ? brokenStrings(schema) : []),
    ...(types.includes('integer') ? brokenIntegers(schema) : []),
    ...(types.includes('array') ? brokenArrays(schema, known, name) : []),
    ...(schema.maxProperties === undefined ? [] : [fc.constant(wideObject(schema.maxProperties + 1))]),
  ];
}

function ofOtherTypes(types: readonly string[]): Arbitrary<unknown> {
  const samples: Readonly<Record<string, unknown>> = {
    null: null,
    boolean: true,
    integer: 7,
    string: 'text',
    array: [],
    object: {},
  };
  return fc
    .constantFrom(...Object.keys(samples).filter((type) => !types.includes(type)))
    .map((type) => samples[type]);
}

function brokenStrings(schema: Schema): Arbitrary<unknown>[] {
  const { minLength = 0, maxLength, pattern } = schema;
  if (schema.enum) return [fc.constantFrom('', 'other', String(schema.enum[0]).toUpperCase())];
  const ofLength = (length: number) => strings({ ...schema, minLength: length, maxLength: length });
  const foreign = fc.constantFrom(' ', 'é', '/', '\n', '🚀');
  return [
    ...(minLength > 0 ? [ofLength(minLength - 1)] : []),
    ...(maxLength === undefined ? [] : [ofLength(maxLength + 1)]),
    ...(pattern === undefined
      ? []
      : [fc.tuple(ofLength(Math.max(minLength, 1)), foreign).map(([text, bad]) => text.slice(1) + bad)]),
  ];
}

function brokenIntegers({ minimum, maximum = Number.MAX_SAFE_INTEGER }: Schema): Arbitrary<unknown>[] {
  return [
    fc.constantFrom(maximum + 1, 1e300),
    fc.constant((minimum ?? 0) + 0.5),
    ...(minimum === undefined ? [] : [fc.constantFrom(minimum - 1, -Number.MAX_SAFE_INTEGER)]),
  ];
}

function brokenArrays(schema: Schema, known: Known, name: string): Arbitrary<unknown>[] {
  const { items = {}, minItems = 0, maxItems } = schema;
  const repeated = (length: number) =>
    validBody(items, known, name).map((item) => Array.from({ length }, () => item));
  return [
    ...(minItems > 0 ? [repeated(minItems - 1)] : []),
    ...(maxItems === undefined ? [] : [repeated(maxItems + 1)]),
  ];
}

function memberBreaks(schema: Schema, known: Known, location: string): Arbitrary<Broken>[] {
  const { properties, required = [], additionalProperties } = schema;
  if (properties === undefined) return [];
  const whole = objects(schema, known);
  const missing = required.map((name) =>
    whole.map((object) => ({ body: without(object, name), location: `${location}.${name}` })),
  );
  const surplus = whole.map((object) => ({
    body: { ...object, surplus: 1 },
    location: `${location}.surplus`,
  }));
  const inside = Object.entries(properties).flatMap(([name, member]) =>
    breaks(member, known, `${location}.${name}`, name).map((broken) =>
      fc.tuple(whole, broken).map(([object, inner]) => ({
        body: { ...object, [name]: inner.body },
        location: inner.location,
      })),
    ),
  );
  return [...missing, ...(additionalProperties === false ? [surplus] : []), ...inside];
}

function itemBreaks(schema: Schema, known: Known, location: string, name: string): Arbitrary<Broken>[] {
  if (schema.items === undefined) return [];
  return breaks(schema.items, known, `${location}[0]`, name).map((broken) =>
    broken.map((inner) => ({ body: [inner.body], location: inner.location })),
  );
}

function without(object: object, name: string): object {
  return Object.fromEntries(Object.entries(object).filter(([member]) => member !== name));
}

function wideObject(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`member${index}`, index]));
}

function typesOf({ type = [] }: Schema): readonly string[] {
  return typeof type === 'string' ? [type] : type;
}
