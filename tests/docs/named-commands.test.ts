import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { loadConfig } from '@unkey-ts/server';
import { expect, test } from 'vitest';
import { commands } from '../../packages/cli/src/commands.ts';

// Commands in sentences. Fenced blocks are run in commands.postgres.test.ts.
const root = new URL('../../', import.meta.url).pathname;
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const guides = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
const pages = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'AGENTS.md', 'SECURITY.md', 'bench/README.md'],
  ...guides.map((name) => `docs/${name}`),
];
const spans = pages.flatMap((page) => [...read(page).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span));
const { scripts } = JSON.parse(read('package.json'));

test('every command of unkey that a sentence names exists, with its flags', () => {
  const named = spans
    .map((span) => /^(?:npm run -s unkey -- |unkey )(.+)$/.exec(span)?.[1] ?? '')
    .filter((words) => /^[a-z]/.test(words) && !words.startsWith('help') && words !== 'keys disableKey');
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((words) => !isCommand(words))).toEqual([]);
});

test('every script of npm that a sentence names exists', () => {
  const named = spans.flatMap((span) => [...span.matchAll(/npm (?:run (?:-s )?([\w:]+)|(start|test)\b)/g)]);
  const unknown = named.map(([, run, own]) => run ?? own ?? '').filter((script) => !(script in scripts));
  expect(named.length).toBeGreaterThan(20);
  expect(unknown).toEqual([]);
});

test('every benchmark that a page names exists', () => {
  const sources = readdirSync(join(root, 'bench')).filter((name) => name.endsWith('.ts'));
  const known = sources.flatMap((name) =>
    [...read(`bench/${name}`).matchAll(/\bname: '([a-z-]+)'|^ {2}'?([a-z-]+)'?: \[/gm)].map(
      (match) => match[1] ?? match[2],
    ),
  );
  const named = pages
    .flatMap((page) => [...read(page).matchAll(/npm run bench -- (?:--json FILE )?([a-z -]+)/g)])
    .flatMap(([, names = '']) => names.trim().split(' '));
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !known.some((each) => each?.startsWith(name)))).toEqual([]);
});

test('every address of a database or a Redis that a page shows is accepted', () => {
  const shown = spans.filter((span) => /^(postgres|rediss?|valkeys?|unix):\/\/\S*[^…/]$/.test(span));
  expect(shown.length).toBeGreaterThan(2);
  const folder = mkdtempSync(join(tmpdir(), 'unkey-addresses-'));
  writeFileSync(join(folder, 'ca.pem'), rootCertificates[0] ?? '');
  for (const address of shown) {
    const variable = address.startsWith('postgres') ? 'DATABASE_URL' : 'REDIS_URL';
    const env = { [variable]: address.replace('/path/', `${folder}/`) };
    expect(() => loadConfig({ flags: {}, env, cwd: folder })).not.toThrow();
  }
  rmSync(folder, { recursive: true });
});

function isCommand(words: string): boolean {
  const [first = '', second = '', ...rest] = words.split(' ');
  const command =
    commands.find(({ group, name }) => group === first && name === second) ??
    commands.find(({ group, name }) => group === null && name === first);
  const flags = [second, ...rest].flatMap((word) => /^--([a-z-]+)$/.exec(word)?.[1] ?? []);
  return command !== undefined && flags.every((flag) => flag in command.flags || flag === 'json');
}
