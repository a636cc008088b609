import {
  type App,
  type AppOptions,
  type Config,
  createApp,
  createLog,
  createRootKey,
  createWorkspace,
  loadConfig,
  refillDueKeys,
} from '@unkey-ts/server';
import { newDataPlace } from '../data-place.ts';
import { fakeClock } from '../service.ts';

export interface Reply {
  readonly status: number;
  readonly body: {
    readonly data?: unknown;
    readonly error?: { readonly type: string; readonly status: number; readonly detail: string };
    readonly pagination?: { readonly hasMore: boolean; readonly cursor?: string };
  };
}

/** The service on a real database, called without a socket. */
export interface Subject {
  /** Creates new workspaces, which the calls below use from then on. */
  newWorkspaces(count: number): Promise<void>;
  setTime(now: number): void;
  /** Calls as the workspace with this index, with every permission. */
  call(workspace: number, operation: string, body: unknown): Promise<Reply>;
  /** The same call several times at once, with an `Idempotency-Key` of their own. */
  repeat(workspace: number, operation: string, body: unknown, times: number): Promise<readonly Reply[]>;
  /** Restarts the service on the same data. True: the counts of limits have survived. */
  restart(): Promise<boolean>;
  sweepRefills(): Promise<void>;
  setNamespaceDeleted(workspace: number, name: string, deletedAt: number | null): Promise<void>;
  close(): Promise<void>;
}

/** Chooses where the service starts after a stop. */
export type Move = (from: Config) => Promise<Config>;

const samePlace: Move = async (config) => config;

/** With `moveTo`, each restart uses another place. */
export async function startSubject(
  moveTo: Move = samePlace,
  create: (options: AppOptions) => Promise<App> = createApp,
): Promise<Subject> {
  const { dataDir, env, remove } = await newDataPlace();
  const clock = fakeClock(0);
  let config = loadConfig({
    flags: { 'data-dir': dataDir },
    env: { LOG_LEVEL: 'error', ...env },
    cwd: dataDir,
  });
  const open = () => create({ config, clock, log: createLog({ level: config.logLevel }) });
  let app = await open();
  let callers: Caller[] = [];
  const workspaceOf = (index: number) => {
    const caller = callers[index];
    if (caller === undefined) throw new Error(`There is no workspace ${index}.`);
    return caller;
  };

  let repeated = 0;

  async function send(
    workspace: number,
    operation: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<Reply> {
    const response = await app.handle({
      method: 'POST',
      path: `/v2/${operation}`,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${workspaceOf(workspace).rootKey}`,
        ...headers,
      },
      body: Buffer.from(JSON.stringify(body)),
      peer: '127.0.0.1',
    });
    return { status: response.status, body: JSON.parse(String(response.body)) };
  }

  return {
    async newWorkspaces(count) {
      callers = await newCallers(app, count);
    },
    setTime: (now) => clock.set(now),
    call: (workspace, operation, body) => send(workspace, operation, body, {}),
    repeat(workspace, operation, body, times) {
      repeated++;
      const headers = { 'idempotency-key': `repeated-${repeated}` };
      return Promise.all(Array.from({ length: times }, () => send(workspace, operation, body, headers)));
    },
    async restart() {
      await app.close();
      const before = counterStoreOf(config);
      config = await moveTo(config);
      app = await open();
      return before !== null && before === counterStoreOf(config);
    },
    sweepRefills: async () => void (await refillDueKeys(app.services, clock.now())),
    setNamespaceDeleted: (workspace, name, deletedAt) =>
      app.services.storage.write(async (store) => {
        const { workspaceId } = workspaceOf(workspace);
        const namespace = await store.namespaces.find(workspaceId, name);
        if (namespace === null) throw new Error(`The namespace '${name}' does not exist.`);
        await store.namespaces.setDeleted(workspaceId, namespace.id, deletedAt);
      }),
    async close() {
      await app.close();
      await remove();
    },
  };
}

/** Null: in memory. */
function counterStoreOf({ redis, databaseUrl }: Config): string | null {
  return redis === undefined ? (databaseUrl ?? null) : 'redis';
}

interface Caller {
  readonly workspaceId: string;
  readonly rootKey: string;
}

async function newCallers({ services }: App, count: number): Promise<Caller[]> {
  const { storage, ids, clock } = services;
  return storage.write(async (store) => {
    const callers: Caller[] = [];
    for (let index = 0; index < count; index++) {
      const { id } = await createWorkspace(store, { ids, clock }, `Workspace ${index}`);
      const { key } = await createRootKey(store, { ids, clock }, { workspaceId: id, name: null });
      callers.push({ workspaceId: id, rootKey: key });
    }
    return callers;
  });
}
