import type { TSchema } from 'typebox';
import { Compile } from 'typebox/schema';
import { alphabets } from './schemas/pattern.ts';

/** One thing that is wrong with a request. */
export interface Issue {
  /** Where: `body.ratelimits[0].limit`. */
  readonly location: string;
  /** The rule that the value breaks, and the value. Never quotes a string: it could be a secret. */
  readonly message: string;
  readonly fix?: string;
}

/** The most issues that a response names, so that a hostile body cannot make one much larger than itself. */
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
 * An array or object of a wrong size is one issue: what is inside it is not looked at.
 * `root` names the value itself: `body`.
 */
export function issuesOf(schema: TSchema, value: unknown, root: string): Issue[] {
  const walk: Walk = { issues: [], path: [], root };
  // A TypeBox schema is a JSON Schema; its type does not list the keywords.
  visit(walk, schema as JsonSchema, value);
  return walk.issues;
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

/** A location is made only for an issue: a body may hold millions of values without one. */
interface Walk {
  readonly issues: Issue[];
  readonly path: (string | number)[];
  readonly root: string;
}

function visit(walk: Walk, schema: JsonSchema, value: unknown): void {
  const own = ownIssue(schema, value);
  if (own !== null) report(walk, own);
  else if (Array.isArray(value)) visitItems(walk, schema, value);
  else if (isObject(value)) visitMembers(walk, schema, value);
}

function visitItems(walk: Walk, { items }: JsonSchema, value: readonly unknown[]): void {
  if (items === undefined) return;
  for (let index = 0; index < value.length && !isFull(walk); index++) {
    visitAt(walk, items, { place: index, value: value[index] });
  }
}

function visitMembers(walk: Walk, schema: JsonSchema, value: Members): void {
  const properties = schema.properties ?? {};
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) reportAt(walk, name, missing(properties[name] ?? {}));
  }
  for (const [name, property] of Object.entries(properties)) {
    if (Object.hasOwn(value, name)) visitAt(walk, property, { place: name, value: value[name] });
  }
  if (schema.additionalProperties === false) visitUnknown(walk, properties, value);
}

function visitUnknown(walk: Walk, properties: object, value: Members): void {
  for (const name of Object.keys(value)) {
    if (isFull(walk)) return;
    if (!Object.hasOwn(properties, name)) reportAt(walk, name, unknownProperty(properties));
  }
}

function visitAt(
  walk: Walk,
  schema: JsonSchema,
  { place, value }: { readonly place: string | number; readonly value: unknown },
): void {
  walk.path.push(place);
  visit(walk, schema, value);
  walk.path.pop();
}

function isFull({ issues }: Walk): boolean {
  return issues.length >= issuesMax;
}

type Problem = Omit<Issue, 'location'>;

function report(walk: Walk, problem: Problem): void {
  if (!isFull(walk)) walk.issues.push({ location: locationOf(walk.root, walk.path), ...problem });
}

function reportAt(walk: Walk, name: string, problem: Problem): void {
  walk.path.push(name);
  report(walk, problem);
  walk.path.pop();
}

function missing(schema: JsonSchema): Problem {
  return { message: `is required (${typesOf(schema).join(' or ')})` };
}

function unknownProperty(properties: object): Problem {
  const known = Object.keys(properties);
  const fix = known.length === 0 ? 'Remove it.' : `Remove it. Known properties: ${quoted(known)}.`;
  return { message: 'is not a known property', fix };
}

/** Where a value is: `body.ratelimits[0].limit`. Names that are longer than people choose are cut. */
export function locationOf(root: string, path: readonly (string | number)[]): string {
  return root + path.map((place) => (typeof place === 'number' ? `[${place}]` : member(place))).join('');
}

function member(name: string): string {
  const shown = name.length > nameLengthMax ? `${name.slice(0, nameLengthMax)}…` : name;
  return /^[A-Za-z_$][\w$]*$/.test(shown) ? `.${shown}` : `[${JSON.stringify(shown)}]`;
}

/** What is wrong with the value itself, not with what is inside it: the first thing only. */
function ownIssue(schema: JsonSchema, value: unknown): Problem | null {
  const message = ruleBroken(schema, value);
  return message === null ? null : { message };
}

function ruleBroken(schema: JsonSchema, value: unknown): string | null {
  if (!hasType(schema, value)) return `must be ${wanted(schema)} (is ${found(value)})`;
  if (value !== null && schema.enum !== undefined && !schema.enum.includes(value)) {
    return `must be one of ${quoted(schema.enum)}`;
  }
  if (typeof value === 'string') return stringRuleBroken(schema, value);
  if (typeof value === 'number') return numberRuleBroken(schema, value);
  if (Array.isArray(value)) {
    return outside(value.length, {
      verb: 'have',
      unit: 'item',
      least: schema.minItems,
      most: schema.maxItems,
    });
  }
  if (schema.maxProperties === undefined || !isObject(value)) return null;
  const size = Object.keys(value).length;
  return outside(size, { verb: 'have', unit: 'property', least: undefined, most: schema.maxProperties });
}

function numberRuleBroken({ minimum, maximum }: JsonSchema, value: number): string | null {
  if (minimum !== undefined && value < minimum) return `must be at least ${minimum} (is ${value})`;
  if (maximum !== undefined && value > maximum) return `must be at most ${maximum} (is ${value})`;
  return null;
}

function stringRuleBroken({ minLength, maxLength, pattern }: JsonSchema, value: string): string | null {
  const size = outside(lengthOf(value), { verb: 'be', unit: 'character', least: minLength, most: maxLength });
  if (size !== null) return size;
  if (pattern === undefined || regExpOf(pattern).test(value)) return null;
  const alphabet = alphabets.find((candidate) => candidate.pattern === pattern);
  return alphabet === undefined ? `must match \`${pattern}\`` : `may contain only ${alphabet.allowed}`;
}

const regExps = new Map<string, RegExp>();

function regExpOf(pattern: string): RegExp {
  const regExp = regExps.get(pattern) ?? new RegExp(pattern, 'u');
  regExps.set(pattern, regExp);
  return regExp;
}

interface Bounds {
  readonly verb: 'be' | 'have';
  readonly unit: 'character' | 'item' | 'property';
  readonly least: number | undefined;
  readonly most: number | undefined;
}

function outside(size: number, { verb, unit, least, most }: Bounds): string | null {
  if (least !== undefined && size < least) return `must ${verb} at least ${count(least, unit)} (has ${size})`;
  if (most !== undefined && size > most) return `must ${verb} at most ${count(most, unit)} (has ${size})`;
  return null;
}

function count(size: number, unit: Bounds['unit']): string {
  if (size === 1) return `1 ${unit}`;
  return `${size} ${unit === 'property' ? 'properties' : `${unit}s`}`;
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
  boolean: 'a boolean',
  integer: 'an integer',
  null: 'null',
  object: 'an object',
  string: 'a string',
};

function wanted(schema: JsonSchema): string {
  return typesOf(schema)
    .map((type) => typeNames[type] ?? type)
    .join(' or ');
}

function quoted(values: readonly unknown[]): string {
  return values.map((value) => `\`${String(value)}\``).join(', ');
}

/** In code points: a character outside the basic plane is two units of a string. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let index = 1; index < text.length; index++) {
    if (isLow(text.charCodeAt(index)) && isHigh(text.charCodeAt(index - 1))) length--;
  }
  return length;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
