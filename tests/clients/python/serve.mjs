// Serves the API for the Python clients: prints one line of JSON that describes it, and stops at the end of its input or on SIGTERM.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createApp,
  createLog,
  createRootKey,
  createWorkspace,
  loadConfig,
  systemClock,
} from '@unkey-ts/server';

const log = createLog({ level: 'silent' });
/** Environments of the services, for another place of the data than a new folder. */
const environments = JSON.parse(process.env.UNKEY_TEST_ENVIRONMENTS ?? '[{}, {}]');

async function start(env) {
  const dataDir = await mkdtemp(join(tmpdir(), 'unkey-ts-python-'));
  const config = loadConfig({ flags: { port: '0', 'data-dir': dataDir }, env, cwd: dataDir });
  const app = await createApp({ config, log });
  const { url } = await app.listen();
  return { app, url, dataDir };
}

/** Resources that the clients cannot create, including one for every error. */
async function furnish({ services, firstStart }) {
  const { ids, storage } = services;
  const makers = { ids, clock: systemClock };
  const now = systemClock.now();
  const { workspaceId, rootKey } = firstStart;

  return storage.write(async (store) => {
    const newRootKey = async (order) =>
      (await createRootKey(store, makers, { name: 'python', ...order })).key;
    const newWorkspaceKey = async (changes) => {
      const { id } = await createWorkspace(store, makers, 'Python');
      if (changes) await store.workspaces.update(id, changes);
      return newRootKey({ workspaceId: id });
    };

    const goneNamespace = { id: ids.id('rlns'), name: 'gone', createdAt: now };
    await store.namespaces.create(workspaceId, goneNamespace);
    await store.namespaces.setDeleted(workspaceId, goneNamespace.id, now);
    const protectedApiId = ids.id('api');
    await store.apis.create(workspaceId, {
      id: protectedApiId,
      name: 'protected',
      keyspaceId: ids.id('ks'),
      allowedIps: null,
      isProtected: true,
      defaultPrefix: null,
      defaultByteLength: null,
      createdAt: now,
    });
    const migrationId = ids.id('migration');
    await store.migrations.create(workspaceId, {
      id: migrationId,
      name: 'python',
      algorithm: 'sha256',
      createdAt: now,
    });

    return {
      rootKey,
      powerlessRootKey: await newRootKey({ workspaceId, permissions: [] }),
      expiredRootKey: await newRootKey({ workspaceId, expiresAt: now - 1 }),
      limitedRootKey: await newWorkspaceKey({ requestsPerMinute: 0 }),
      disabledRootKey: await newWorkspaceKey({ isEnabled: false }),
      emptyRootKeys: [await newWorkspaceKey(), await newWorkspaceKey()],
      goneNamespace: goneNamespace.name,
      protectedApiId,
      migrationId,
    };
  });
}

const [working, broken] = [await start(environments[0]), await start(environments[1])];
await broken.app.services.storage.close();
const furniture = await furnish(working.app);
console.log(JSON.stringify({ url: working.url, brokenUrl: broken.url, ...furniture }));

async function end() {
  await working.app.close();
  // Its storage is closed already, and closing it again throws.
  await broken.app.close().catch(() => undefined);
  for (const { dataDir } of [working, broken]) await rm(dataDir, { recursive: true, force: true });
  process.exit();
}

process.once('SIGTERM', end);
process.stdin.once('end', end).resume();
