import type { Flag } from './command.ts';
import { UsageError } from './command-errors.ts';
import type { ParsedArgs } from './parsed-args.ts';

type MemberKind = 'string' | 'strings' | 'number' | 'boolean' | 'json';

/** A member of a request body, which becomes a flag. */
export interface Member {
  readonly name: string;
  readonly kind: MemberKind;
  /** Whether the text `null` means null. Not for strings: `null` is a valid string. */
  readonly isNullable: boolean;
  readonly isRequired: boolean;
  readonly description: string;
}

/** The keywords of JSON Schema that are used here. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly description?: string;
}

/** The members of an object schema; none for any other request, which only `--body` can express. */
export function membersOf(schema: object | null): readonly Member[] {
  // A TypeBox schema is a JSON Schema; its type does not list the keywords.
  const { properties = {}, required = [] } = (schema ?? {}) as JsonSchema;
  return Object.entries(properties).map(([name, member]) => ({
    name,
    kind: kindOf(member),
    isNullable: typesOf(member).includes('null'),
    isRequired: required.includes(name),
    description: member.description ?? '',
  }));
}

export function flagsOfMembers(schema: object | null): Readonly<Record<string, Flag>> {
  return Object.fromEntries(membersOf(schema).map((member) => [member.name, flagOf(member)]));
}

/** The members whose flags were set, as values of the body. */
export function readMembers(members: readonly Member[], args: ParsedArgs): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const member of members) {
    const texts = args.list(member.name);
    if (texts !== undefined) read[member.name] = memberValue(member, texts);
  }
  return read;
}

const shownAs: Readonly<Record<MemberKind, Pick<Flag, 'kind' | 'value'>>> = {
  string: { kind: 'text', value: 'TEXT' },
  strings: { kind: 'list', value: 'A,B' },
  number: { kind: 'text', value: 'NUMBER' },
  boolean: { kind: 'boolean' },
  json: { kind: 'text', value: 'JSON' },
};

function flagOf({ kind, isRequired, description }: Member): Flag {
  const [firstLine = ''] = description.split('\n');
  return { ...shownAs[kind], description: isRequired ? `Required. ${firstLine}` : firstLine };
}

function typesOf({ type }: JsonSchema): readonly string[] {
  return typeof type === 'string' ? [type] : (type ?? []);
}

function kindOf(schema: JsonSchema): MemberKind {
  const types = typesOf(schema).filter((type) => type !== 'null');
  if (types.length !== 1) return 'json';
  switch (types[0]) {
    case 'string':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return schema.items !== undefined && typesOf(schema.items).includes('string') ? 'strings' : 'json';
    default:
      return 'json';
  }
}

function memberValue(member: Member, texts: readonly string[]): unknown {
  const text = texts.at(-1) ?? '';
  if (member.isNullable && member.kind !== 'string' && text === 'null') return null;
  switch (member.kind) {
    case 'string':
      return text;
    case 'strings':
      return texts
        .flatMap((part) => part.split(','))
        .map((part) => part.trim())
        .filter((part) => part !== '');
    case 'boolean':
      return parseBoolean(member.name, text);
    case 'number':
      return parseNumber(member.name, text);
    case 'json':
      return parseJson(member.name, text);
  }
}

function parseBoolean(name: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new UsageError(`--${name} must be true or false (is '${text}').`);
}

function parseNumber(name: string, text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw new UsageError(`--${name} must be a number (is '${text}').`);
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`--${name} must be JSON, for example '{"remaining":10}'.`);
  }
}
