import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { newDataDir, removeDataDirs } from './data-folders.ts';
import { expectReferencePage } from './reference-page.ts';
import { run, runtime, runUnkey, unkeyFile } from './run-unkey.ts';
import { endServers, type ServerProcess, startServer } from './server-process.ts';

afterEach(async () => {
  await endServers();
  await removeDataDirs();
});

describe('the first start', () => {
  test('writes the root key to a private file, and prints three lines that work in a shell as they are', async () => {
    const dataDir = await newDataDir();
    const server = await startServer({ dataDir, shellSetup: 'umask 000' });
    await server.said('What next');
    const file = join(dataDir, 'root.key');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(server.rootKey()).toMatch(/^unkey_\w+$/);
    expect(await readFile(file, 'utf8')).toBe(`${server.rootKey()}\n`);
    expect(server.output()).toContain(`\n  ${file}\n`);
    expect(server.output()).not.toContain(server.rootKey());
    expect(await pasted(server.output())).toMatchObject({ valid: true, code: 'VALID' });
  });

  test('works in a folder with quotes, spaces and dollars in its name', async () => {
    const server = await startServer({ dataDir: join(await newDataDir(), `it's "$HOME" \`id\``) });
    await server.said('What next');
    expect(await pasted(server.output())).toMatchObject({ valid: true, code: 'VALID' });
  });

  test('keeps a root key that the folder has from elsewhere', async () => {
    const dataDir = await newDataDir();
    await mkdir(dataDir, { mode: 0o700 });
    await writeFile(join(dataDir, 'root.key'), 'of another database');
    const server = await startServer({ dataDir });
    await server.said('What next');
    expect(await readFile(join(dataDir, 'root.key'), 'utf8')).toBe('of another database');
    expect(server.output()).toMatch(/root\.key_\w+\.key/);
    expect(await pasted(server.output())).toMatchObject({ valid: true, code: 'VALID' });
  });

  test('prints the root key on a terminal, and writes no file', async () => {
    const dataDir = await newDataDir();
    const serve = `"${runtime}" "${unkeyFile}" serve --port 0 --data-dir "${dataDir}"`;
    const server = await startServer({
      dataDir,
      program: 'terminal',
      shellSetup: `exec script -qec '${serve}' /dev/null`,
    });
    await server.said('What next');
    expect(server.output()).toMatch(/^ {2}unkey_\w+\r?$/m);
    expect(await readdir(dataDir)).not.toContain('root.key');
    expect(await pasted(server.output())).toMatchObject({ valid: true, code: 'VALID' });
  });

  test('is the only one that names the root key, and the key keeps working', async () => {
    const dataDir = await newDataDir();
    const first = await startServer({ dataDir });
    await first.said('What next');
    const rootKey = first.rootKey();
    await stop(first);

    const second = await startServer({ dataDir, rootKey });
    const created = await second.call('apis.createApi', { name: 'again' });
    expect(created.status).toBe(200);
    expect(second.output()).not.toContain(rootKey);
    const text = second
      .output()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('{'));
    expect(text).toEqual([
      expect.stringMatching(/^unkey-ts \S+ listens on http:\/\/127\.0\.0\.1:\d+, data in /),
    ]);
  });

  test('says how to use a configured root key without showing it', async () => {
    const rootKey = 'configured_root_key';
    const server = await startServer({
      dataDir: await newDataDir(),
      env: { UNKEY_ROOT_KEY: rootKey },
      rootKey,
    });
    await server.said('What next');
    expect((await server.call('apis.createApi', { name: 'mine' })).status).toBe(200);
    expect(server.output()).not.toContain(rootKey);
    expect(server.output()).toContain('Bearer $UNKEY_ROOT_KEY');
  });

  test('leaves the root key even when the port is in use: it would be lost', async () => {
    const other = await startServer({ dataDir: await newDataDir() });
    const dataDir = await newDataDir();
    const { port } = new URL(other.url);
    const ran = await runUnkey(['serve', '--port', port, '--data-dir', dataDir]);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toContain(join(dataDir, 'root.key'));
    expect(await readFile(join(dataDir, 'root.key'), 'utf8')).toMatch(/^unkey_\w+\n$/);
    expect(ran.stderr).toContain('the port is in use');
  });
});

describe('the build', () => {
  test('has the parts that a start leaves for later', async () => {
    const server = await startServer({ dataDir: await newDataDir() });
    const document = await fetch(`${server.url}/openapi.yaml`);
    expect(document.status).toBe(200);
    expect(parse(await document.text())).toMatchObject({ paths: { '/v2/keys.verifyKey': {} } });
  });

  test('has the reference page with all its files', async () => {
    const server = await startServer({ dataDir: await newDataDir() });
    await expectReferencePage(server.url);
  });

  test('brings the licenses of all that is in it', async () => {
    const record = await readFile(join(dirname(unkeyFile), 'build.json'), 'utf8');
    const built = join(dirname(unkeyFile), JSON.parse(record).build);
    const programs = (await readdir(built)).filter((file) => file.endsWith('.js'));
    const texts = await Promise.all(programs.map((file) => readFile(join(built, file), 'utf8')));
    const inside = texts.flatMap((text) =>
      [...text.matchAll(/^\/\/ node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//gm)].map((match) => match[1]),
    );
    expect(new Set(inside)).toContain('kysely');
    const licenses = await readFile(join(built, 'third-party-licenses.txt'), 'utf8');
    const named = [...licenses.matchAll(/^(\S+) \d\S* \(\S+\)$/gm)].map((match) => match[1]);
    // The reference page is not a module: its files are copied.
    expect(named).toEqual([...new Set([...inside, 'swagger-ui-dist'])].sort());
  });
});

describe('a start is refused with one message and status 1', () => {
  test('when a setting is not usable', async () => {
    const ran = await runUnkey(['serve', '--port', '70000', '--data-dir', await newDataDir()]);
    expectRefused(ran, '--port is "70000"');
  });

  test('when another server has the data folder', async () => {
    const dataDir = await newDataDir();
    const server = await startServer({ dataDir });
    const ran = await runUnkey(['serve', '--port', '0', '--data-dir', dataDir]);
    expectRefused(ran, `already in use by process ${server.pid}`);
  });

  test('when the data folder is a file', async () => {
    const dataDir = await newDataDir();
    await writeFile(dataDir, '');
    expectRefused(await runUnkey(['serve', '--port', '0', '--data-dir', dataDir]), 'is not a directory');
  });

  test('when the data folder cannot be created', async () => {
    const ran = await runUnkey(['serve', '--port', '0', '--data-dir', '/proc/unkey-data']);
    expectRefused(ran, '/proc/unkey-data');
  });

  test('when the database is damaged', async () => {
    const dataDir = await newDataDir();
    await mkdir(dataDir, { mode: 0o700 });
    await writeFile(join(dataDir, 'unkey.sqlite'), 'not a database at all, for long enough '.repeat(50));
    expectRefused(await runUnkey(['serve', '--port', '0', '--data-dir', dataDir]), 'is damaged');
  });

  test('when a newer version has written the database', async () => {
    const dataDir = await newDataDir();
    await stop(await startServer({ dataDir }));
    const database = new DatabaseSync(join(dataDir, 'unkey.sqlite'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    expectRefused(await runUnkey(['serve', '--port', '0', '--data-dir', dataDir]), 'schema version 99');
  });

  test('when the master key is another one', async () => {
    const dataDir = await newDataDir();
    const server = await startServer({ dataDir });
    const api = await server.call('apis.createApi', { name: 'secrets' });
    await server.call('keys.createKey', { apiId: api.body.data.apiId, recoverable: true });
    await stop(server);
    const ran = await runUnkey(['serve', '--port', '0', '--data-dir', dataDir], {
      env: { UNKEY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') },
    });
    expectRefused(ran, 'cannot be opened');
  });

  test('when the configuration file is not usable, and names it', async () => {
    const dataDir = await newDataDir();
    const cwd = dirname(dataDir);
    await writeFile(join(cwd, 'unkey.config.json'), '{"prot": 7070}');
    expectRefused(await runUnkey(['serve', '--data-dir', dataDir], { cwd }), 'unkey.config.json');
  });
});

describe('a stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s responds to the request that is arriving, then ends with 0',
    async (signal) => {
      const server = await startServer({ dataDir: await newDataDir() });
      const request = await halfARequest(server);
      server.signal(signal);
      await server.said('stopping');
      expect(await request.finish()).toContain('"apiId"');
      expect(await server.ended).toEqual({ status: 0, signal: null });
      expect(server.output()).toContain('"stopped"');
    },
  );

  test('with a drain delay still accepts one call a connection while it is not ready', async () => {
    const server = await startServer({ dataDir: await newDataDir(), env: { UNKEY_DRAIN_DELAY: '1h' } });
    server.signal('SIGTERM');
    await server.said('stopping');
    const statusOf = async (path: string) => {
      const response = await fetch(new URL(path, server.url));
      expect(response.headers.get('connection')).toBe('close');
      return response.status;
    };
    await expect.poll(() => statusOf('/health/ready')).toBe(503);
    expect(await statusOf('/health/live')).toBe(200);
    expect(await statusOf('/v2/liveness')).toBe(200);
  });

  test('ends once the drain delay is over', async () => {
    const server = await startServer({ dataDir: await newDataDir(), env: { UNKEY_DRAIN_DELAY: '20ms' } });
    await stop(server);
  });

  test('a second signal ends it at once', async () => {
    const server = await startServer({ dataDir: await newDataDir() });
    await halfARequest(server);
    server.signal('SIGINT');
    await server.said('stopping');
    const again = setInterval(() => server.signal('SIGINT'), 50);
    const ended = await server.ended;
    clearInterval(again);
    expect(ended.status).toBe(130);
  });
});

async function stop(server: ServerProcess): Promise<void> {
  server.signal('SIGTERM');
  expect((await server.ended).status).toBe(0);
}

function expectRefused(
  ran: { status: number | null; stdout: string; stderr: string },
  message: string,
): void {
  expect(ran.stderr).toContain(message);
  expect(ran.stderr).not.toMatch(/^\s+at /m);
  expect(ran.stdout).toBe('');
  expect(ran.status).toBe(1);
}

/** The response to the three lines that a first start prints, as a shell runs them. */
async function pasted(output: string): Promise<unknown> {
  const lines = output.match(/^ {2}(API_ID=|KEY=|curl ).*$/gm) ?? [];
  expect(lines).toHaveLength(3);
  const { stdout } = await run('sh', [], { input: `${lines.join('\n')}\n` });
  return JSON.parse(stdout).data;
}

/** A request whose head has arrived and whose body has not. */
async function halfARequest(server: ServerProcess): Promise<{ finish(): Promise<string> }> {
  await server.said('What next');
  const body = '{"name":"in flight"}';
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('utf8');
  let response = '';
  socket.on('data', (text) => {
    response += text;
  });
  socket.on('error', () => {});
  const headers = [
    'POST /v2/apis.createApi HTTP/1.1',
    'Host: localhost',
    `Authorization: Bearer ${server.rootKey()}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Expect: 100-continue',
  ];
  socket.write(`${headers.join('\r\n')}\r\n\r\n`);
  await once(socket, 'data');
  expect(response).toContain('100 Continue');
  return {
    async finish() {
      socket.write(body);
      await once(socket, 'close');
      return response;
    },
  };
}
