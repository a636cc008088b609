import type { OperationId } from '@unkey-ts/contract';
import {
  type App,
  type AppOptions,
  createApp,
  createLog,
  createRootKey,
  createWorkspace,
  type Log,
  loadConfig,
} from '@unkey-ts/server';
import { type DataPlace, newDataPlace } from './data-place.ts';
import { createAppInThreads, isThreadedRun } from './threaded.ts';

/** A clock that advances only by its methods. */
export interface FakeClock {
  now(): number;
  set(now: number): void;
  advance(milliseconds: number): void;
}

export function fakeClock(start = Date.UTC(2026, 10, 15, 12, 0, 0)): FakeClock {
  let now = start;
  return {
    now: () => now,
    set(to) {
      now = to;
    },
    advance(milliseconds) {
      now += milliseconds;
    },
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // Answers are looked into by tests that know their shape; the contract's schema is checked separately.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any;
}

export interface CallOptions {
  readonly rootKey?: string;
  readonly fetch?: typeof fetch | undefined;
  readonly headers?: Record<string, string>;
}

/** A running service on a real socket and a real database, with a fake clock. */
export interface Service {
  readonly url: string;
  readonly app: App;
  readonly clock: FakeClock;
  readonly place: DataPlace;
  /** Of the first workspace, with every permission. */
  readonly rootKey: string;
  readonly workspaceId: string;
  call(operation: OperationId, body: unknown, options?: CallOptions): Promise<Reply>;
  /** Another workspace with a root key that holds every permission. */
  newWorkspace(): Promise<{ workspaceId: string; rootKey: string }>;
  newRootKey(workspaceId: string, permissions: readonly string[], expiresAt?: number): Promise<NewRootKey>;
  close(): Promise<void>;
}

export interface NewRootKey {
  readonly rootKeyId: string;
  readonly key: string;
}

/** How a service of a test is made, and called. */
export interface ServiceForm {
  /** Whether the service runs in two threads. Default: as the run says. */
  readonly isThreaded?: boolean;
  /** Default: the service as it is deployed. */
  readonly open?: (options: AppOptions) => Promise<App>;
  /** What `call` uses. Default: the one of the runtime. */
  readonly fetchOf?: (app: App) => typeof fetch;
  /** All stored data. Default: what is in its place. */
  readonly textOf?: (app: App) => Promise<string>;
}

export async function startService(
  options: ServiceForm & {
    readonly env?: Record<string, string>;
    readonly clock?: FakeClock;
    readonly timeoutMs?: number;
    /** Default: says nothing. */
    readonly log?: Log;
    /** Served beside the operations. */
    readonly endpoints?: AppOptions['endpoints'];
  } = {},
): Promise<Service> {
  const place = await newDataPlace();
  const clock = options.clock ?? fakeClock();
  const config = loadConfig({
    flags: { port: '0', 'data-dir': place.dataDir },
    env: { LOG_LEVEL: 'silent', ...place.env, ...options.env },
    cwd: place.dataDir,
  });
  const isThreaded = options.isThreaded ?? isThreadedRun;
  const open = options.open ?? (isThreaded ? createAppInThreads : createApp);
  const app = await open({
    hasJobs: false,
    config,
    clock,
    log: options.log ?? createLog({ level: config.logLevel }),
    ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
    ...(options.endpoints !== undefined && { endpoints: options.endpoints }),
  });
  const { url } = await app.listen();
  const { ids, storage } = app.services;
  const makers = { ids, clock };
  const { workspaceId, rootKey } = await firstWorkspace(app);

  return {
    url,
    app,
    clock,
    place: { ...place, text: () => options.textOf?.(app) ?? place.text() },
    rootKey,
    workspaceId,
    call: (operation, body, callOptions) =>
      post(`${url}/v2/${operation}`, body, { rootKey, fetch: options.fetchOf?.(app), ...callOptions }),
    newWorkspace: () =>
      storage.write(async (store) => {
        const workspace = await createWorkspace(store, makers, 'Test');
        const made = await createRootKey(store, makers, { workspaceId: workspace.id, name: 'tests' });
        return { workspaceId: workspace.id, rootKey: made.key };
      }),
    newRootKey: (workspace, permissions, expiresAt) =>
      storage.write((store) =>
        createRootKey(store, makers, {
          workspaceId: workspace,
          name: null,
          permissions,
          ...(expiresAt !== undefined && { expiresAt }),
        }),
      ),
    async close() {
      try {
        await app.close();
      } finally {
        await place.remove();
      }
    },
  };
}

export async function post(url: string, body: unknown, options: CallOptions = {}): Promise<Reply> {
  const response = await (options.fetch ?? fetch)(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(options.rootKey !== undefined && { authorization: `Bearer ${options.rootKey}` }),
      ...options.headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

async function firstWorkspace({ firstStart }: App): Promise<{ workspaceId: string; rootKey: string }> {
  if (!firstStart?.rootKey) throw new Error('The database of a test was not empty.');
  return { workspaceId: firstStart.workspaceId, rootKey: firstStart.rootKey };
}
