import { readFileSync } from 'node:fs';
import { itemsMax, openapi, operationIds, operations, pathOf } from '@unkey-ts/contract';
import { parse } from 'yaml';

/** Compares our document with another OpenAPI document of the same API: `node compare-contract.js FILE`. */

type Json = { readonly [member: string]: unknown };

interface Difference {
  /** `keys.createKey request.credits.remaining`. */
  readonly place: string;
  /** The keyword, `member` or `status`. */
  readonly what: string;
  readonly ours: unknown;
  readonly theirs: unknown;
}

interface Deliberate {
  readonly reason: string;
  readonly matches: (difference: Difference) => boolean;
}

const integerMax = Number.MAX_SAFE_INTEGER;
const huge = 9223372036854776000;

const deliberate: readonly Deliberate[] = [
  {
    reason: 'larger integers would be rounded: requests end at 2^53 − 1',
    matches: ({ what, ours, theirs }) =>
      what === 'maximum' && ours === integerMax && (theirs === huge || theirs === undefined),
  },
  {
    reason: 'limits and durations in responses have the bounds of requests',
    matches: ({ place, what, ours }) =>
      / response\./.test(place) &&
      what === 'maximum' &&
      ours === undefined &&
      /\.(limit|duration|remaining)$/.test(place),
  },
  {
    reason: 'the reset of a limit is a Unix time',
    matches: ({ place, what }) =>
      place.endsWith('ratelimits[].reset') && (what === 'minimum' || what === 'maximum'),
  },
  {
    reason: 'a limit that the verification itself defines has no id, and may have limit 0 and a longer name',
    matches: ({ place, what, ours }) =>
      place.startsWith('keys.verifyKey response.data.ratelimits[].') &&
      ((place.endsWith('.id') && (what === 'minLength' || what === 'pattern')) ||
        (place.endsWith('.limit') && what === 'minimum' && ours === 0) ||
        (place.endsWith('.name') && what === 'maxLength' && ours === 255)),
  },
  {
    reason: 'shared counters take a lock for each limit of a verification',
    matches: ({ place, what, ours, theirs }) =>
      place === 'keys.verifyKey request.ratelimits' &&
      what === 'maxItems' &&
      ours === 1000 &&
      theirs === undefined,
  },
  {
    reason: 'a migrated key has no start until it is used',
    matches: ({ place, what }) => place.endsWith('.start') && what === 'minLength',
  },
  {
    reason: 'identifiers of overrides have the maximum length of requests',
    matches: ({ place, what, ours }) => place.endsWith('.identifier') && what === 'maxLength' && ours === 512,
  },
  {
    reason: 'a role may have any number of permissions',
    matches: ({ place, what, ours }) =>
      / response\./.test(place) && place.endsWith('permissions') && what === 'maxItems' && ours === undefined,
  },
  {
    reason: 'lists of requests have a maximum',
    matches: ({ place, what, ours, theirs }) =>
      / request/.test(place) && what === 'maxItems' && ours === itemsMax && theirs === undefined,
  },
  {
    reason: 'a migration says why keys failed',
    matches: ({ place, ours }) =>
      place.startsWith('keys.migrateKeys response.data') && JSON.stringify(ours).includes('"failures"'),
  },
  {
    reason: 'all envelopes are closed',
    matches: ({ place, what, ours }) =>
      / response$/.test(place) && what === 'additionalProperties' && ours === false,
  },
  {
    reason: 'the details of a 400 are one object with the fields of every error and `errors`',
    matches: ({ place, what, ours }) =>
      place.endsWith(' 400.error') && what === 'additionalProperties' && ours === false,
  },
  {
    reason: 'statuses that any operation can return',
    matches: ({ what, ours }) =>
      what === 'status' && typeof ours === 'string' && ['405', '408', '413', '415', '503'].includes(ours),
  },
  {
    reason: 'an Idempotency-Key may be in conflict with an earlier request',
    matches: ({ what, ours, theirs }) => what === 'status' && ours === '409' && theirs === undefined,
  },
  {
    reason: 'the workspace of a root key may be missing, so every operation can return 404',
    matches: ({ what, ours, place }) => what === 'status' && ours === '404' && place !== 'liveness',
  },
  {
    reason: 'statuses that the operation returns but the other document does not declare',
    matches: ({ what, ours, place }) =>
      what === 'status' &&
      ours === '412' &&
      /^(keys\.(createKey|getKey|rerollKey|verifyKey)|apis\.listKeys)$/.test(place),
  },
  {
    reason: 'liveness has no precondition',
    matches: ({ place, what, theirs }) => place === 'liveness' && what === 'status' && theirs === '412',
  },
];

const keywords = [
  'additionalProperties',
  'default',
  'enum',
  'maximum',
  'maxItems',
  'maxLength',
  'maxProperties',
  'minimum',
  'minItems',
  'minLength',
  'pattern',
  'required',
  'type',
  'x-redact',
];

function* differences(theirDocument: Json): Generator<Difference> {
  const ours = resolverOf(openapi('0.0.0') as Json);
  const theirs = resolverOf(theirDocument);
  for (const id of operationIds) {
    const at = ['paths', pathOf({ id }), operations[id].method.toLowerCase()];
    yield* compareOperations(id, new Side(ours, ours.at(at)), new Side(theirs, theirs.at(at)));
  }
}

interface Resolver {
  readonly resolve: (node: unknown) => Json | undefined;
  readonly at: (path: readonly string[]) => Json | undefined;
}

function resolverOf(document: Json): Resolver {
  const at = (path: readonly string[]) => path.reduce<Json | undefined>(step, document);
  const resolve = (node: unknown): Json | undefined => {
    if (!isObject(node)) return undefined;
    return typeof node.$ref === 'string' ? resolve(at(node.$ref.split('/').slice(1))) : merged(node, resolve);
  };
  return { resolve, at };
}

function step(node: Json | undefined, name: string): Json | undefined {
  const next = node?.[name];
  return isObject(next) ? next : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `allOf` as one object, without `additionalProperties`: that of one part would exclude members of the others. */
function merged(node: Json, resolve: Resolver['resolve']): Json {
  if (!Array.isArray(node.allOf)) return node;
  const parts = node.allOf.map((part) => resolve(part) ?? {});
  return {
    type: 'object',
    properties: Object.assign({}, ...parts.map((part) => part.properties)),
    required: parts.flatMap((part) => part.required ?? []),
  };
}

/** A node of one of the two documents. */
class Side {
  readonly node: Json | undefined;
  readonly #resolver: Resolver;

  constructor(resolver: Resolver, node: unknown) {
    this.#resolver = resolver;
    this.node = resolver.resolve(node);
  }

  child(...path: string[]): Side {
    const [name, ...rest] = path;
    if (name === undefined) return this;
    return new Side(this.#resolver, this.node?.[name]).child(...rest);
  }

  names(): string[] {
    return Object.keys(this.node ?? {});
  }
}

function* compareOperations(id: string, ours: Side, theirs: Side): Generator<Difference> {
  if (theirs.node === undefined) yield { place: id, what: 'operation', ours: 'present', theirs: 'absent' };
  const ourBody = ours.child('requestBody');
  const theirBody = theirs.child('requestBody');
  yield* compareValue(`${id} request`, 'required', ourBody.node?.required, theirBody.node?.required);
  yield* compareSchemas(`${id} request`, bodySchema(ourBody), bodySchema(theirBody));
  const ourResponses = ours.child('responses');
  const theirResponses = theirs.child('responses');
  yield* compareNames(id, 'status', ourResponses, theirResponses);
  for (const status of common(ourResponses, theirResponses)) {
    const place = status === '200' ? `${id} response` : `${id} ${status}`;
    yield* compareSchemas(
      place,
      bodySchema(ourResponses.child(status)),
      bodySchema(theirResponses.child(status)),
    );
  }
}

function bodySchema(side: Side): Side {
  const content = side.child('content');
  const json = content.child('application/json', 'schema');
  return json.node === undefined ? content.child('application/problem+json', 'schema') : json;
}

function* compareSchemas(place: string, ours: Side, theirs: Side): Generator<Difference> {
  for (const keyword of keywords) {
    yield* compareValue(place, keyword, keywordOf(ours, keyword), keywordOf(theirs, keyword));
  }
  const ourMembers = ours.child('properties');
  const theirMembers = theirs.child('properties');
  yield* compareNames(place, 'member', ourMembers, theirMembers);
  for (const name of common(ourMembers, theirMembers)) {
    yield* compareSchemas(`${place}.${name}`, ourMembers.child(name), theirMembers.child(name));
  }
  if (ours.node?.items !== undefined || theirs.node?.items !== undefined) {
    yield* compareSchemas(`${place}[]`, ours.child('items'), theirs.child('items'));
  }
}

/** Lists are compared as sets; an absent `additionalProperties` equals `true`. */
function keywordOf(side: Side, keyword: string): unknown {
  const value = side.node?.[keyword];
  if (keyword === 'additionalProperties' && value === true) return undefined;
  if (!Array.isArray(value)) return value;
  return value.length === 0 ? undefined : [...value].sort();
}

function* compareValue(place: string, what: string, ours: unknown, theirs: unknown): Generator<Difference> {
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) yield { place, what, ours, theirs };
}

function* compareNames(place: string, what: string, ours: Side, theirs: Side): Generator<Difference> {
  const [ourNames, theirNames] = [ours.names(), theirs.names()];
  for (const name of ourNames) {
    if (!theirNames.includes(name)) yield { place, what, ours: name, theirs: undefined };
  }
  for (const name of theirNames) {
    if (!ourNames.includes(name)) yield { place, what, ours: undefined, theirs: name };
  }
}

function common(ours: Side, theirs: Side): string[] {
  return ours.names().filter((name) => theirs.names().includes(name));
}

function show({ place, what, ours, theirs }: Difference): string {
  return `${place}: ${what} is ${JSON.stringify(ours) ?? 'absent'} here and ${JSON.stringify(theirs) ?? 'absent'} there`;
}

function main(file: string | undefined): number {
  if (file === undefined) {
    console.error('Usage: compare-contract FILE, an OpenAPI document as YAML or JSON');
    return 2;
  }
  const all = [...differences(parse(readFileSync(file, 'utf8')))];
  const unexpected = all.filter((difference) => !deliberate.some(({ matches }) => matches(difference)));
  const idle = deliberate.filter(({ matches }) => !all.some(matches));
  for (const difference of unexpected) console.log(show(difference));
  for (const { reason } of idle) console.log(`This reason matches no difference any more: ${reason}`);
  console.log(`${all.length} differences, ${unexpected.length} of them unexpected`);
  return unexpected.length + idle.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv[2]);
