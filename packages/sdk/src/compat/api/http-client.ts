/** Sends a request, as `fetch` does. */
export type Fetcher = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;

export type Awaitable<Value> = Value | Promise<Value>;

/** May change the request, or return another one. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is valid.
export type BeforeRequestHook = (request: Request) => Awaitable<Request | void>;
/** Called when there is no response. */
export type RequestErrorHook = (error: unknown, request: Request) => Awaitable<void>;
/** Called with every response. It must clone the response to read its body. */
export type ResponseHook = (response: Response, request: Request) => Awaitable<void>;

export interface HTTPClientOptions {
  /** Default: the global `fetch`. */
  fetcher?: Fetcher;
}

interface HooksByName {
  beforeRequest: BeforeRequestHook;
  requestError: RequestErrorHook;
  response: ResponseHook;
}

/** Sends the requests of a client, with hooks around each attempt. */
export class HTTPClient {
  readonly #options: HTTPClientOptions;
  readonly #hooks: { [Name in keyof HooksByName]: HooksByName[Name][] } = {
    beforeRequest: [],
    requestError: [],
    response: [],
  };

  constructor(options: HTTPClientOptions = {}) {
    this.#options = options;
  }

  async request(request: Request): Promise<Response> {
    const { beforeRequest, requestError, response: responseHooks } = this.#hooks;
    const { fetcher = fetch } = this.#options;
    let current = request;
    for (const hook of beforeRequest) current = (await hook(current)) || current;
    try {
      const response = await fetcher(current);
      for (const hook of responseHooks) await hook(response, current);
      return response;
    } catch (error) {
      for (const hook of requestError) await hook(error, current);
      throw error;
    }
  }

  /** Adds a hook; hooks run in the order in which they were added. */
  addHook<Name extends keyof HooksByName>(name: Name, hook: HooksByName[Name]): this {
    this.#hooksOf(name).push(hook);
    return this;
  }

  /** Removes a hook that `addHook` has added. */
  removeHook<Name extends keyof HooksByName>(name: Name, hook: HooksByName[Name]): this {
    const hooks = this.#hooksOf(name);
    const index = hooks.indexOf(hook);
    if (index !== -1) hooks.splice(index, 1);
    return this;
  }

  /** A client with the same options and hooks. */
  clone(): HTTPClient {
    const copy = new HTTPClient(this.#options);
    for (const name of ['beforeRequest', 'requestError', 'response'] as const) {
      for (const hook of this.#hooks[name]) copy.addHook(name, hook);
    }
    return copy;
  }

  #hooksOf<Name extends keyof HooksByName>(name: Name): HooksByName[Name][] {
    if (!Object.hasOwn(this.#hooks, name)) throw new Error(`Invalid hook type: ${name}`);
    return this.#hooks[name];
  }
}
