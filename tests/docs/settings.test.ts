import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@unkey-ts/server';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const page = readFileSync(join(root, 'docs/settings.md'), 'utf8');
const source = readFileSync(join(root, 'packages/server/src/config.ts'), 'utf8');

interface Setting {
  readonly variable: string;
  readonly flag: string | undefined;
  readonly member: string | undefined;
}

interface Row extends Setting {
  /** As written; undefined when there is none. */
  readonly fallback: string | undefined;
}

test('the table of settings has every setting, with its flag and its member of the file', () => {
  expect(documented().map(({ fallback, ...setting }) => setting)).toEqual(expect.arrayContaining(declared()));
  expect(documented().length).toBe(declared().length);
});

test('every documented default is the value without the setting', () => {
  const [plain, stated] = [{}, Object.fromEntries(documented().map((row) => [row.variable, row.fallback]))];
  expect(configOf(stated)).toEqual(configOf(plain));
});

test('the file of the page has every member, and a server accepts it', () => {
  const [, file = ''] = /```json unkey\.config\.json\n([\s\S]*?)```/.exec(page) ?? [];
  const members = documented().flatMap(({ member }) => member ?? []);
  expect(Object.keys(JSON.parse(file)).sort()).toEqual(members.sort());
  const folder = mkdtempSync(join(tmpdir(), 'unkey-settings-'));
  writeFileSync(join(folder, 'unkey.config.json'), file);
  expect(loadConfig({ flags: {}, env: {}, cwd: folder })).toMatchObject({ dataDir: '/var/lib/unkey' });
  rmSync(folder, { recursive: true });
});

test('every variable that the command line and the client read is on the page', () => {
  const read = ['cli', 'sdk', 'server'].flatMap((name) =>
    sourcesOf(join(root, 'packages', name, 'src')).flatMap((text) => [
      ...text.matchAll(/\benv(?:ironment)?(?:\.|\(')([A-Z][A-Z_]+)/g),
    ]),
  );
  const unknown = read.map((match) => match[1] ?? '').filter((name) => !page.includes(`\`${name}\``));
  expect([...new Set(unknown)].filter((name) => name !== 'NODE_ENV')).toEqual([]);
});

function configOf(env: Readonly<Record<string, string | undefined>>) {
  return loadConfig({ flags: {}, env, cwd: tmpdir() });
}

function documented(): Row[] {
  const [table = ''] = page.split('\n\nDurations are');
  return table
    .split('\n')
    .filter((line) => /^\| `[A-Z_]+`/.test(line))
    .map((line) => {
      const [variable, flag, member, fallback] = line.split('|').slice(1).map(codeOf);
      return { variable: variable ?? '', flag: flag?.replace('--', ''), member, fallback };
    });
}

/** The one code span of a cell that holds nothing else. */
function codeOf(cell: string): string | undefined {
  return /^ `([^`]+)` $/.exec(cell)?.[1];
}

function declared(): Setting[] {
  return [...source.matchAll(/read\(\{([\s\S]*?)\}\)/g)].map(([, text = '']) => {
    const member = (name: string) => new RegExp(`\\b${name}: '([^']+)'`).exec(text)?.[1];
    return { variable: member('variable') ?? '', flag: member('flag'), member: member('member') };
  });
}

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
}
