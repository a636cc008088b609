import type { TSchema } from 'typebox';
import { Compile } from 'typebox/schema';
import { alphabets } from './schemas/pattern.ts';

/** One thing that is wrong with a request. */
export interface Issue {
  /** Where: `body.ratelimits[0].limit`. */
  readonly location: string;
  /** What is wrong there, and what is allowed. Never quotes a string's value: it could be a secret. */
  readonly message: string;
  readonly fix?: string;
}

/** The most places that an answer names, so that a hostile body cannot make one much larger than itself. */
export const issuesMax = 100;
const nameLengthMax = 64;

type Check = (value: unknown) => boolean;

const checks = new WeakMap<TSchema, Check>();

/** The compiled check of a schema, compiled on first use. */
export function validatorOf(schema: TSchema): Check {
  const known = checks.get(schema);
  if (known !== undefined) return known;
  const validator = Compile(schema);
  const check: Check = (value) => validator.Check(value);
  checks.set(schema, check);
  return check;
}

export function isValid(schema: TSchema, value: unknown): boolean {
  return validatorOf(schema)(value);
}

/**
 * Every place where the value breaks the schema, each once, at most 100. Empty exactly if {@link isValid}.
 * `root` names the value itself: `body`.
 */
export function issuesOf(schema: TSchema, value: unknown, root: string): Issue[] {
  const issues: Issue[] = [];
  // A TypeBox schema is a JSON Schema; its type does not list the keywords.
  for (const issue of walk(schema as JsonSchema, value, root)) {
    issues.push(issue);
    if (issues.length === issuesMax) break;
  }
  return issues;
}

/** The keywords that the contract uses; `validate.test.ts` holds that there are no others. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly maxProperties?: number;
}

type Members = Readonly<Record<string, unknown>>;

function* walk(schema: JsonSchema, value: unknown, location: string): Generator<Issue> {
  const own = ownIssue(schema, value);
  if (own !== null) yield { location, message: own };
  if (Array.isArray(value)) yield* walkItems(schema, value, location);
  else if (isObject(value)) yield* walkMembers(schema, value, location);
}

function* walkItems(schema: JsonSchema, value: readonly unknown[], location: string): Generator<Issue> {
  if (schema.items === undefined) return;
  for (const [index, item] of value.entries()) yield* walk(schema.items, item, `${location}[${index}]`);
}

function* walkMembers(schema: JsonSchema, value: Members, location: string): Generator<Issue> {
  const properties = schema.properties ?? {};
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) yield missing(properties[name] ?? {}, memberAt(location, name));
  }
  for (const [name, property] of Object.entries(properties)) {
    if (Object.hasOwn(value, name)) yield* walk(property, value[name], memberAt(location, name));
  }
  if (schema.additionalProperties !== false) return;
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(properties, name)) yield unknownMember(properties, memberAt(location, name));
  }
}

function missing(schema: JsonSchema, location: string): Issue {
  return { location, message: `is missing; ${wanted(schema)} is needed` };
}

function unknownMember(properties: object, location: string): Issue {
  const known = Object.keys(properties);
  const fix = known.length === 0 ? 'Leave it out.' : `Leave it out. Known here: ${quoted(known)}.`;
  return { location, message: 'is not known here', fix };
}

/** The place of a member: `body.credits`. Longer names than people give are cut. */
export function memberAt(location: string, name: string): string {
  const shown = name.length > nameLengthMax ? `${name.slice(0, nameLengthMax)}…` : name;
  return /^[A-Za-z_$][\w$]*$/.test(shown) ? `${location}.${shown}` : `${location}[${JSON.stringify(shown)}]`;
}

/** What is wrong with the value itself, not with what is inside it: the first thing only. */
function ownIssue(schema: JsonSchema, value: unknown): string | null {
  if (!hasType(schema, value)) return `is ${found(value)}; ${wanted(schema)} is needed`;
  if (value !== null && schema.enum !== undefined && !schema.enum.includes(value)) {
    return `is none of the allowed values: ${quoted(schema.enum)}`;
  }
  if (typeof value === 'string') return stringIssue(schema, value);
  if (typeof value === 'number') return outside(schema.minimum, value, schema.maximum, `is ${value}`);
  if (Array.isArray(value)) {
    return outside(schema.minItems, value.length, schema.maxItems, `has ${count(value.length, 'item')}`);
  }
  if (isObject(value)) {
    const size = Object.keys(value).length;
    return outside(undefined, size, schema.maxProperties, `has ${count(size, 'member')}`);
  }
  return null;
}

function stringIssue(schema: JsonSchema, value: string): string | null {
  const length = codePoints(value);
  const size = outside(schema.minLength, length, schema.maxLength, `has ${count(length, 'character')}`);
  if (size !== null) return size;
  if (schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value)) return null;
  return alphabetIssue(schema.pattern);
}

function alphabetIssue(pattern: string): string {
  const alphabet = alphabets.find((candidate) => candidate.pattern === pattern);
  if (alphabet === undefined) return `does not match \`${pattern}\``;
  return `has characters that are not allowed here; allowed are ${alphabet.allowed}`;
}

function outside(
  least: number | undefined,
  size: number,
  most: number | undefined,
  fact: string,
): string | null {
  if (least !== undefined && size < least) return `${fact}; the least is ${least}`;
  if (most !== undefined && size > most) return `${fact}; the most is ${most}`;
  return null;
}

function typesOf(schema: JsonSchema): readonly string[] {
  if (schema.type === undefined) return [];
  return typeof schema.type === 'string' ? [schema.type] : schema.type;
}

function hasType(schema: JsonSchema, value: unknown): boolean {
  const types = typesOf(schema);
  return types.length === 0 || types.some((type) => isOfType(type, value));
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function found(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'a number out of range';
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

const typeNames: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'true or false',
  integer: 'a whole number',
  null: 'null',
  object: 'an object',
  string: 'a string',
};

function wanted(schema: JsonSchema): string {
  const names = typesOf(schema).map((type) => typeNames[type] ?? type);
  return names.length === 0 ? 'a value' : names.join(' or ');
}

function quoted(values: readonly unknown[]): string {
  return values.map((value) => `\`${String(value)}\``).join(', ');
}

function count(size: number, noun: string): string {
  return size === 1 ? `1 ${noun}` : `${size} ${noun}s`;
}

function codePoints(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}
