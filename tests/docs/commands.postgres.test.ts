import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../free-port.ts';
import { createDatabase } from '../postgres.ts';
import { post } from '../service.ts';
import { type Block, blocksOf } from './blocks.ts';
import { openShell, type Shell } from './shell.ts';

/**
 * Runs the commands of the pages in their order, in a new folder, against a real service.
 * A block that cannot run says why: `<!-- not run: … -->` in front of it.
 */
const root = new URL('../../', import.meta.url).pathname;
const testDatabaseUrl = process.env.UNKEY_TEST_DATABASE_URL ?? '';
const redisUrl = process.env.UNKEY_TEST_REDIS ?? '';
const rootKey = `unkey_${randomBytes(24).toString('hex')}`;
const masterKey = randomBytes(32).toString('base64');

interface Page {
  /** Placeholders of the page, and their values here. */
  placeholders?(reader: Reader): readonly (readonly [string, string])[];
  /** What exists before the first command of the page. */
  prepare?(reader: Reader): Promise<void>;
}

/** The reader of a page. */
interface Reader {
  readonly shell: Shell;
  readonly url: string;
  /** Of the service that they have started. */
  call(operation: string, body: object): Promise<Record<string, string>>;
  /** An empty database. */
  newDatabase(): Promise<string>;
  /** The resources in the service, with the names of the pages. */
  readonly made: Record<string, string>;
}

const pages: Readonly<Record<string, Page>> = {
  'bench/README.md': {},
  'README.md': {
    placeholders: ({ made }) => [
      ['npm ci && ', ''],
      ['--to postgres://…', `--to ${made.database}`],
      ['DATABASE_URL=postgres://…', `DATABASE_URL=${made.database}`],
      ['redis://…', redisUrl],
      ['UNKEY_MASTER_KEY=…', `UNKEY_MASTER_KEY=${masterKey}`],
      ['api_…', made.apiId ?? ''],
      ['key_…', made.keyId ?? ''],
    ],
    async prepare({ made, newDatabase }) {
      made.database = await newDatabase();
    },
  },
  'docs/administration.md': {
    placeholders: ({ shell, made }) => [
      ['/backups/', `${shell.folder}/`],
      ['api_…', made.apiId ?? ''],
      ['key_…', made.rootKeyId ?? ''],
      ['ws_…', made.workspaceId ?? ''],
    ],
    async prepare(reader) {
      await serveAndUse(reader);
      const list = JSON.parse(await reader.shell.run('unkey root-keys list --json'));
      Object.assign(reader.made, { rootKeyId: list[0].keyId, workspaceId: list[0].workspaceId });
    },
  },
  'docs/deployment.md': {},
  'docs/moving.md': {
    placeholders: ({ made }) => [
      ['postgres://user:password@host:5432/unkey', made.database ?? ''],
      ['postgres://user@host/unkey', made.database ?? ''],
      ['postgres://user@old/unkey', made.database ?? ''],
      ['postgres://user@new/unkey', made.other ?? ''],
    ],
    async prepare(reader) {
      await serveAndUse(reader);
      reader.made.database = await reader.newDatabase();
      reader.made.other = await reader.newDatabase();
    },
  },
  'docs/operations.md': {
    async prepare(reader) {
      reader.shell.env.DATABASE_URL = await reader.newDatabase();
      reader.shell.env.UNKEY_MASTER_KEY = masterKey;
      await serveAndUse(reader);
    },
  },
  'docs/settings.md': {},
  'examples/quickstart/README.md': {
    placeholders: () => [['unkey_…', rootKey]],
    prepare: serveAndUse,
  },
  'examples/client/README.md': {
    placeholders: () => [['unkey_…', rootKey]],
    prepare: serveAndUse,
  },
};

/** Pages whose blocks another test runs. */
const elsewhere: Readonly<Record<string, string>> = {
  'CONTRIBUTING.md': 'tests/contributing.test.ts',
  'docs/testing.md': 'tests/docs/testing-page.test.ts',
  'packages/codemod/README.md': 'tests/cli/codemod.test.ts',
  'packages/sdk/README.md': 'tests/sdk/readme.test.ts',
};

test('every page with something to type is read here, or by another test', () => {
  const files = execFileSync('git', ['ls-files', '*.md'], { cwd: root }).toString().trim().split('\n');
  // A block without a language is a picture.
  const isTyped = (page: string) => blocks(page).some(({ language }) => language !== '');
  const withBlocks = files.filter((page) => existsSync(join(root, page)) && isTyped(page));
  expect([...Object.keys(pages), ...Object.keys(elsewhere)].sort()).toEqual(withBlocks.sort());
  for (const file of Object.values(elsewhere)) expect(existsSync(join(root, file)), file).toBe(true);
});

for (const [file, page] of Object.entries(pages)) {
  describe(file, () => {
    let reader: Reader;
    const closers: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      reader = await newReader(closers);
      await page.prepare?.(reader);
    });
    afterAll(async () => {
      for (const close of closers.reverse()) await close();
    });

    for (const block of blocks(file)) {
      const { line, notRun } = block;
      test.skipIf(notRun !== undefined)(
        `line ${line}${notRun === undefined ? '' : `: ${notRun}`}`,
        async () => {
          if (block.needsStop) await reader.shell.stop();
          await perform(reader, block, page.placeholders?.(reader) ?? []);
        },
      );
    }
  });
}

function blocks(page: string): Block[] {
  return blocksOf(readFileSync(join(root, page), 'utf8'));
}

async function perform(
  reader: Reader,
  { language, text }: Block,
  placeholders: readonly (readonly [string, string])[],
): Promise<void> {
  const { shell, url } = reader;
  const typed = [['http://127.0.0.1:7070', url] as const, ...placeholders].reduce(
    (sofar, [placeholder, value]) => sofar.replaceAll(placeholder, value),
    text,
  );
  expect(typed, 'a placeholder without a value').not.toContain('…');
  if (language === 'json') JSON.parse(typed);
  else if (language === 'ts') {
    await shell.runModule(`const key = process.env.KEY;\n${typed}\nprocess.exit(0);`);
  } else if (language !== 'sh') throw new Error(`Nothing is known about a block of '${language}'.`);
  else if (!/(npm start|serve)\s*$/.test(typed)) await shell.run(typed);
  else {
    await shell.serve(typed);
    if ((await shell.output('listens on')).includes('First start')) await paste(reader);
  }
}

/** The three lines that a first start prints. */
async function paste(reader: Reader): Promise<void> {
  const { shell } = reader;
  const output = await shell.output('/v2/keys.verifyKey');
  const lines = output.match(/^ *(API_ID=|KEY=|curl ).*$/gm) ?? [];
  expect(lines).toHaveLength(3);
  expect(await shell.run(lines.join('\n'))).toContain('"code":"VALID"');
  await use(reader);
}

async function serveAndUse({ shell, call, made }: Reader): Promise<void> {
  await shell.serve('unkey serve');
  await use({ shell, call, made });
}

/** An API, a key and a namespace, and some events of them. */
async function use({ shell, call, made }: Pick<Reader, 'shell' | 'call' | 'made'>): Promise<void> {
  Object.assign(made, await call('apis.createApi', { name: 'docs' }));
  Object.assign(made, await call('keys.createKey', { apiId: made.apiId }));
  shell.env.KEY = made.key ?? '';
  await call('keys.verifyKey', { key: made.key });
  await call('ratelimit.limit', { namespace: 'emails', identifier: 'ann', limit: 5, duration: 60_000 });
}

async function newReader(closers: (() => Promise<void>)[]): Promise<Reader> {
  const shell = await openShell(root);
  closers.push(shell.remove);
  const { hostname, port: databasePort, username } = new URL(testDatabaseUrl);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  Object.assign(shell.env, {
    ...{ PGHOST: hostname, PGPORT: databasePort, PGUSER: username },
    ...{ PORT: String(port), UNKEY_URL: url, UNKEY_ROOT_KEY: rootKey },
  });
  return {
    shell,
    url,
    made: {},
    async call(operation, body) {
      const reply = await post(`${url}/v2/${operation}`, body, { rootKey });
      expect(reply.status, JSON.stringify(reply.body)).toBe(200);
      return reply.body.data;
    },
    async newDatabase() {
      const database = await createDatabase(testDatabaseUrl);
      closers.unshift(database.drop);
      return database.url;
    },
  };
}
