import { checkValues } from '../check-options.ts';
import { UnkeyCore } from '../core.ts';
import { ConfigurationError } from '../errors.ts';
import type { VerifyKeyRequest } from '../generated/api.ts';
import type { CoreOptions } from '../options.ts';
import type { OnOutage } from './principal.ts';
import type { Refusal, RefusalResponse } from './refusal.ts';

type VerifyOptions = Omit<VerifyKeyRequest, 'key'>;

/** Members of a verification besides the key: one value for all requests, or a function of the request. */
type VerifyOptionsOf<Request> = {
  [Name in keyof VerifyOptions]:
    | VerifyOptions[Name]
    | ((request: Request) => VerifyOptions[Name] | Promise<VerifyOptions[Name]>);
};

interface GuardOptions<Request, Outage extends OnOutage, Response> extends VerifyOptionsOf<Request> {
  /**
   * Reads the key of a request. Default: the Authorization header, with the scheme Bearer in any case. Undefined, null
   * or an empty string: the request has no key and gets 401.
   */
  getKey?: ((request: Request) => string | null | undefined | Promise<string | null | undefined>) | undefined;
  /** Deadline of a verification in milliseconds, including all attempts. Default: the client's, or 3000. */
  timeoutMs?: number | undefined;
  /**
   * What happens while the service cannot be reached: no connection, no response in time, 408, 429 or 5xx. `'deny'`, the
   * default: 503. `'allow'`: the handler runs with `isUnverified: true` and the cause. Requests without a key,
   * unreadable responses and configuration errors are always refused.
   */
  onOutage?: Outage | undefined;
  /**
   * Changes the response to a refused request. Its result replaces the default response, member by member and header by
   * header; undefined keeps the default. It cannot allow the request. If it fails, `onError` is called.
   */
  onRefused?:
    | ((
        refusal: Refusal,
        request: Request,
      ) =>
        | Partial<RefusalResponse>
        | Response
        | undefined
        | Promise<Partial<RefusalResponse> | Response | undefined>)
    | undefined;
  /**
   * Called with the original error when a key could not be verified; a promise is awaited. It does not change the
   * response. Default: logs one line to stderr.
   */
  onError?: ((error: unknown, request: Request) => void | Promise<void>) | undefined;
}

interface OwnClient extends Omit<CoreOptions, 'timeoutMs'> {
  readonly unkey?: undefined;
}

interface GivenClient<Request> extends Partial<Record<Exclude<keyof CoreOptions, 'timeoutMs'>, undefined>> {
  /**
   * An existing client, or a function that returns one, for runtimes where secrets come with the request.
   * Default: one client is created from `rootKey`, `serverURL` and so on.
   */
  readonly unkey: UnkeyCore | ((request: Request) => UnkeyCore | Promise<UnkeyCore>);
}

/** Options of all middleware: its own, and a client or the options of one. */
export type ProtectOptions<Request, Outage extends OnOutage = OnOutage, Response = never> = GuardOptions<
  Request,
  Outage,
  Response
> &
  (OwnClient | GivenClient<Request>);

/** All names of a type: a missing or unknown name does not compile. */
function namesOf<Name extends string>(names: Record<Name, true>): Name[] {
  return Object.keys(names) as Name[];
}

const verifyNames = namesOf<keyof VerifyOptions>({
  permissions: true,
  ratelimits: true,
  credits: true,
  tags: true,
  migrationId: true,
});
type GuardName = keyof GuardOptions<unknown, OnOutage, unknown> | 'unkey';
const guardNames = namesOf<Exclude<GuardName, keyof VerifyOptions>>({
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

/** Throws `ConfigurationError`, in production too: a misspelt `permissions` must not allow everybody. */
export function checkProtectOptions(options: ProtectOptions<never, OnOutage, unknown>): void {
  const known: string[] = [...verifyNames, ...guardNames, ...clientNames];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ConfigurationError(`Unknown option '${unknown}'. Known options: ${known.join(' ')}.`);
  }
  const [ofClient] = Object.keys(clientOptions(options));
  if (options.unkey !== undefined && ofClient !== undefined) {
    throw new ConfigurationError(`Option '${ofClient}' has no effect beside 'unkey': set it on that client.`);
  }
  if (!['deny', 'allow', undefined].includes(options.onOutage)) {
    throw new ConfigurationError("Invalid onOutage: expected 'deny' or 'allow'.");
  }
  checkValues(options);
}

/** Returns the client for a request. Without the option `unkey` it is created now: `ConfigurationError` without a root key. */
export function clientResolver<Request>(
  options: ProtectOptions<Request, OnOutage, unknown>,
): (request: Request) => UnkeyCore | Promise<UnkeyCore> {
  const { unkey } = options;
  if (typeof unkey === 'function') return unkey;
  const client = unkey ?? new UnkeyCore(clientOptions(options));
  return () => client;
}

/** The client's options among all options. */
export function clientOptions(options: object): CoreOptions {
  const own = Object.entries(options).filter(
    ([name, value]) => (clientNames as string[]).includes(name) && value !== undefined,
  );
  return Object.fromEntries(own);
}

/** The members of the verification for this request. */
export async function resolveVerifyOptions<Request>(
  options: VerifyOptionsOf<Request>,
  request: Request,
): Promise<VerifyOptions> {
  const entries = verifyNames.map(async (name) => {
    const option = options[name];
    return [name, typeof option === 'function' ? await option(request) : option];
  });
  return Object.fromEntries(await Promise.all(entries));
}
