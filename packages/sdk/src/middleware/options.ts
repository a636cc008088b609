import { checkOptions, checkValue, type Rule, type Rules } from '../check-options.ts';
import { ConfigurationError, isObject } from '../errors.ts';
import type { VerifyKeyRequest } from '../generated/api.ts';
import type { ClientOptions } from '../options.ts';
import { type ClientLike, createOwnClient, type OwnClientOptions, ownClientRules } from '../own-client.ts';
import type { OtherNames } from '../probable-name.ts';
import type { CheckedQuery } from '../register.ts';
import type { OnOutage } from './principal.ts';
import type { Refusal, RefusalResponse } from './refusal.ts';

type VerifyOptions = Omit<VerifyKeyRequest, 'key'>;
type VerifyName = keyof VerifyOptions;

/** A member of a verification; null: none. Undefined is an error: it would verify less than was meant. */
type Required<Name extends VerifyName> = Exclude<VerifyOptions[Name], undefined> | null;

/** Members of a verification besides the key: one value for all requests, or a function of the request. */
type VerifyOptionsOf<Request, Query extends string = string> = {
  [Name in VerifyName]?:
    | (Name extends 'permissions' ? CheckedQuery<Query> | null : Required<Name>)
    | ((request: Request) => Required<Name> | Promise<Required<Name>>);
};

// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is valid.
type OwnResponse<Response> = Partial<RefusalResponse> | Response | void;
type MaybeResponse<Response> = OwnResponse<Response> | Promise<OwnResponse<Response>>;

interface GuardOptions<Request, Outage extends OnOutage, Response, Query extends string>
  extends VerifyOptionsOf<Request, Query> {
  /**
   * Reads the key of a request. Default: the Authorization header, with the scheme Bearer in any case. Undefined, null
   * or an empty string: the request has no key and gets 401.
   */
  getKey?: ((request: Request) => string | null | undefined | Promise<string | null | undefined>) | undefined;
  /** Deadline of a verification in milliseconds, including all attempts. Default: the client's, or 3000. */
  timeoutMs?: number | undefined;
  /**
   * What happens while the service cannot be reached: no connection, no response in time, 502, 503 and so on. `'deny'`,
   * the default: 503. `'allow'`: the handler runs with `isUnverified: true` and the cause. Always refused: requests without
   * a key, 429 and a 500 of the service itself, which callers can cause, unreadable responses, and configuration errors.
   */
  onOutage?: Outage | undefined;
  /**
   * Changes the response to a refused request. Its result replaces the default response, member by member and header by
   * header; undefined keeps the default. It cannot allow the request. If it fails, `onError` is called.
   */
  onRefused?: ((refusal: Refusal, request: Request) => MaybeResponse<Response>) | undefined;
  /**
   * Called with the original error when a key could not be verified; a promise is awaited. It may return a response, as
   * `onRefused` does; it cannot allow the request. If it fails, both errors are logged to stderr. Default: logs one
   * line to stderr.
   */
  onError?: ((error: unknown, request: Request) => MaybeResponse<Response>) | undefined;
}

interface OwnClient extends OwnClientOptions {
  readonly unkey?: undefined;
}

interface GivenClient<Request> extends Partial<Record<keyof OwnClientOptions, undefined>> {
  /**
   * An existing client, or a function that returns one, for runtimes where secrets come with the request. Its method
   * `keys.verifyKey` is called if it has one, else `request`. Default: one client is created from `rootKey`, `serverURL`
   * and so on.
   */
  readonly unkey: ClientLike | ((request: Request) => ClientLike | Promise<ClientLike>);
}

/** Options of all middleware: its own, and a client or the options of one. `Query`: a literal permission query. */
export type ProtectOptions<
  Request,
  Outage extends OnOutage = OnOutage,
  Response = never,
  Query extends string = string,
> = GuardOptions<Request, Outage, Response, Query> & (OwnClient | GivenClient<Request>);

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isLimit = (value: unknown): boolean =>
  isObject(value) && isText((value as { name?: unknown }).name) && isComplete(value);

/** Valid values besides null, which means none. */
const verifyRules: Readonly<Record<VerifyName, Rule>> = {
  permissions: ['string', isText, 'a permission query, or null for none'],
  ratelimits: [
    'object',
    (value) => Array.isArray(value) && value.every(isLimit),
    'an array of limits with a name and without undefined members, or null for none',
  ],
  credits: [
    'object',
    (value) => isCount((value as { cost?: unknown }).cost),
    'an object with an integer cost, or null for none',
  ],
  tags: [
    'object',
    (value) => Array.isArray(value) && value.every(isText),
    'an array of strings, or null for none',
  ],
  migrationId: ['string', isText, 'an id, or null for none'],
};

const verifyNames = Object.keys(verifyRules) as VerifyName[];

const guardRules: Readonly<
  Record<Exclude<keyof GuardOptions<unknown, OnOutage, unknown, string> | 'unkey', VerifyName>, Rule>
> = {
  getKey: 'function',
  timeoutMs: 'number',
  onOutage: ['string', (value) => value === 'deny' || value === 'allow', "'deny' or 'allow'"],
  onRefused: 'function',
  onError: 'function',
  unkey: [
    'object or function',
    (value) => !(value instanceof Promise),
    'a client, or a function that returns one',
  ],
};

/** Names in `@unkey/hono`, `@unkey/nextjs` and other middleware. */
const otherNames: OtherNames = {
  onRefused: /invalidkey|unauthorized/,
  permissions: /scope|role/,
  credits: /cost/,
  unkey: /^client/,
};

/** The names; the values are checked with undefined, too. */
const anyVerifyRules: Rules = Object.fromEntries(verifyNames.map((name) => [name, '']));

/** Throws `ConfigurationError`, in production too: a misspelt or missing `permissions` must not allow everybody. */
export function checkProtectOptions(options: ProtectOptions<never, OnOutage, unknown>): void {
  checkOptions(options, { ...anyVerifyRules, ...guardRules, ...ownClientRules }, otherNames);
  for (const name of verifyNames) {
    const option: unknown = options[name];
    if (name in options && option !== null && typeof option !== 'function') {
      checkValue(name, option, verifyRules[name]);
    }
  }
  const [ofClient] = Object.keys(clientOptions(options));
  if (options.unkey !== undefined && ofClient !== undefined) {
    throw new ConfigurationError(`Option '${ofClient}' has no effect beside 'unkey': set it on that client.`);
  }
}

/** Returns the client for a request. Without the option `unkey` it is created now. */
export function clientResolver<Request>(
  options: ProtectOptions<Request, OnOutage, unknown>,
): (request: Request) => ClientLike | Promise<ClientLike> {
  const { unkey } = options;
  if (typeof unkey === 'function') return unkey;
  const client = unkey ?? createOwnClient(clientOptions(options));
  return () => client;
}

/** The client's options among all options. */
export function clientOptions(options: object): OwnClientOptions {
  const own = Object.entries(options).filter(
    ([name, value]) => name in ownClientRules && value !== undefined,
  );
  return Object.fromEntries(own) as Omit<ClientOptions, 'timeoutMs'>;
}

/** The members of the verification for this request. Rejects if a function returns an invalid value. */
export async function resolveVerifyOptions<Request>(
  options: VerifyOptionsOf<Request>,
  request: Request,
): Promise<VerifyOptions> {
  const names = verifyNames.filter((name) => name in options);
  const entries = names.map(async (name) => {
    const option = options[name];
    const value: unknown = typeof option === 'function' ? await option(request) : option;
    if (value !== null) checkValue(name, value, verifyRules[name]);
    return [name, value ?? undefined];
  });
  return Object.fromEntries(await Promise.all(entries));
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** JSON drops undefined members and writes NaN as null: both would check less. */
function isComplete(value: object): boolean {
  return Object.values(value).every((member) => member !== undefined && !Number.isNaN(member));
}
