import { checkValues } from '../check-options.ts';
import { UnkeyCore } from '../core.ts';
import { ConfigurationError } from '../errors.ts';
import type { VerifyKeyRequest } from '../generated/api.ts';
import type { CoreOptions } from '../options.ts';
import type { OnOutage } from './principal.ts';
import type { Refusal, RefusalAnswer } from './refusal.ts';

type Asked = Omit<VerifyKeyRequest, 'key'>;

/** What a verification asks for besides the key: the same for all requests, or found for each. */
type AskedOptions<Request> = {
  [Name in keyof Asked]: Asked[Name] | ((request: Request) => Asked[Name] | Promise<Asked[Name]>);
};

interface GuardOptions<Request, Outage extends OnOutage, Response> extends AskedOptions<Request> {
  /**
   * Where the key is. Default: the Authorization header, with the scheme Bearer in any case. Nothing, null or an empty
   * string: the request has no key and gets 401.
   */
  getKey?: ((request: Request) => string | null | undefined | Promise<string | null | undefined>) | undefined;
  /** Milliseconds that a verification may take, all attempts included. Default: the client's, or 3000. */
  timeoutMs?: number | undefined;
  /**
   * What happens while the service cannot be asked: no connection, no answer in time, 408, 429 or 5xx. `'deny'`, the
   * default: 503. `'allow'`: the handler runs with `isUnverified: true` and the cause. Nothing else opens the door: a
   * request without a key, an answer that cannot be read and a mistake in the options are refused in any case.
   */
  onOutage?: Outage | undefined;
  /**
   * Makes the answer to a refused request. What it gives replaces the prepared answer, member by member and header by
   * header; nothing: the prepared one is sent. It cannot let the request in. If it fails, that goes to `onError`.
   */
  onRefused?:
    | ((
        refusal: Refusal,
        request: Request,
      ) =>
        | Partial<RefusalAnswer>
        | Response
        | undefined
        | Promise<Partial<RefusalAnswer> | Response | undefined>)
    | undefined;
  /**
   * Told of everything that keeps a key from being checked, with the original error; a promise is waited for. It
   * changes nothing about the answer. Default: one line to the console's error stream.
   */
  onError?: ((error: unknown, request: Request) => void | Promise<void>) | undefined;
}

interface OwnClient extends Omit<CoreOptions, 'timeoutMs'> {
  readonly unkey?: undefined;
}

interface GivenClient<Request> extends Partial<Record<Exclude<keyof CoreOptions, 'timeoutMs'>, undefined>> {
  /**
   * A client that exists already, or a function that finds one, for runtimes where secrets come with the request.
   * Default: one is made, once, from `rootKey`, `serverURL` and so on.
   */
  readonly unkey: UnkeyCore | ((request: Request) => UnkeyCore | Promise<UnkeyCore>);
}

/** Options of every door: its own, and a client or the options of one. */
export type ProtectOptions<Request, Outage extends OnOutage = OnOutage, Response = never> = GuardOptions<
  Request,
  Outage,
  Response
> &
  (OwnClient | GivenClient<Request>);

/** Each name once: one that is missing, or is none, does not compile. */
function namesOf<Name extends string>(names: Record<Name, true>): Name[] {
  return Object.keys(names) as Name[];
}

const askedNames = namesOf<keyof Asked>({
  permissions: true,
  ratelimits: true,
  credits: true,
  tags: true,
  migrationId: true,
});
type GuardName = keyof GuardOptions<unknown, OnOutage, unknown> | 'unkey';
const guardNames = namesOf<Exclude<GuardName, keyof Asked>>({
  getKey: true,
  timeoutMs: true,
  onOutage: true,
  onRefused: true,
  onError: true,
  unkey: true,
});
const clientNames = namesOf<Exclude<keyof CoreOptions, 'timeoutMs'>>({
  rootKey: true,
  serverURL: true,
  retry: true,
  headers: true,
  fetchOptions: true,
  fetch: true,
  hooks: true,
});

/** Throws `ConfigurationError`, in production as well: a door must not stand open over a misspelt `permissions`. */
export function checkProtectOptions(options: ProtectOptions<never, OnOutage, unknown>): void {
  const known: string[] = [...askedNames, ...guardNames, ...clientNames];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ConfigurationError(`There is no option '${unknown}'. There are: ${known.join(' ')}.`);
  }
  const [ofClient] = Object.keys(clientOptions(options));
  if (options.unkey !== undefined && ofClient !== undefined) {
    throw new ConfigurationError(`The client is given by 'unkey': give it the option '${ofClient}' itself.`);
  }
  if (!['deny', 'allow', undefined].includes(options.onOutage)) {
    throw new ConfigurationError("The option onOutage is 'deny' or 'allow'.");
  }
  checkValues(options);
}

/** The client for a request. One that is not given is made now; `ConfigurationError` without a root key. */
export function clientFinder<Request>(
  options: ProtectOptions<Request, OnOutage, unknown>,
): (request: Request) => UnkeyCore | Promise<UnkeyCore> {
  const { unkey } = options;
  if (typeof unkey === 'function') return unkey;
  const client = unkey ?? new UnkeyCore(clientOptions(options));
  return () => client;
}

/** Those of the options that are the client's. */
export function clientOptions(options: object): CoreOptions {
  const own = Object.entries(options).filter(
    ([name, value]) => (clientNames as string[]).includes(name) && value !== undefined,
  );
  return Object.fromEntries(own);
}

/** What this request is to be verified for. */
export async function askedOf<Request>(options: AskedOptions<Request>, request: Request): Promise<Asked> {
  const entries = askedNames.map(async (name) => {
    const option = options[name];
    return [name, typeof option === 'function' ? await option(request) : option];
  });
  return Object.fromEntries(await Promise.all(entries));
}
