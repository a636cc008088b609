import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ports, rooms, server, services } from '../../tools/tidy.ts';

const root = new URL('../../', import.meta.url).pathname;
const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');

test('the table of layers is the one that tidy holds', () => {
  const rows = section('Layers').matchAll(/^\| `([^`]+)` \| (.+) \|$/gm);
  const documented = Object.fromEntries(
    [...rows].map(([, layer = '', text = '']) => [layer, layersIn(text)]),
  );
  const held = rooms.filter(({ path }) => path.startsWith(server));
  expect(documented).toEqual(
    Object.fromEntries(
      held.map(({ path, mayImport }) => [short(path), [...new Set(mayImport.map(short))].sort()]),
    ),
  );
});

test.each([
  ['The ports', ports],
  ['The services', services],
])('%s are those that tidy holds', (name, held) => {
  const [, text = ''] =
    new RegExp(`^- \\*\\*${name}\\*\\*: ([\\s\\S]*?)\\.\\n(?=-|\\n)`, 'm').exec(page) ?? [];
  expect(layersIn(text)).toEqual(held.map(short).sort());
});

test('everything in the tree exists', () => {
  expect(tree().filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test.each([
  '.',
  'packages/contract/src',
  'packages/sdk/src',
  'packages/server/src',
  'packages/server/src/storage',
  'packages/server/src/transport',
  'deploy',
  'docs',
  'tests',
])('every folder in %s is in the tree', (path) => {
  const folders = readdirSync(join(root, path)).filter(
    (name) => !unlisted.test(name) && statSync(join(root, path, name)).isDirectory(),
  );
  const text = section('The tree');
  expect(folders.filter((name) => !new RegExp(`(^|[ (])${name}/`, 'm').test(text))).toEqual([]);
});

test('every folder that the page names exists', () => {
  const named = [...page.matchAll(/`((?:[\w-]+\/)+)`/g)].map((match) => match[1] ?? '');
  const places = ['', 'packages/server/src', 'packages/contract/src', 'packages/cli/src', 'packages/sdk/src'];
  expect(named.filter((path) => !places.some((place) => existsSync(join(root, place, path))))).toEqual([]);
});

test('every name of the code that the page mentions is in the sources', () => {
  const text = sourcesIn('packages').join('\n');
  const names = [...page.matchAll(/`([A-Za-z_]\w*)(?:\([\w, ]*\))?`/g)].map((match) => match[1] ?? '');
  expect(names.length).toBeGreaterThan(40);
  expect([...new Set(names)].filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});

test('every name that the page gives a file is declared in that file', () => {
  const pairs = [
    ...page.matchAll(/(?:`(\w+)` and )?`(\w+)` (?:in|of) `([\w/.-]+\.ts)`/g),
    ...page.matchAll(/()`(\w+)(?:\([\w, ]*\))?` \(`([\w/.-]+\.ts)`\)/g),
  ].flatMap(([, first = '', second = '', file = '']) =>
    [first, second].filter(Boolean).map((name) => ({ name, file })),
  );
  expect(pairs.length).toBeGreaterThan(4);
  expect(pairs.filter(({ name, file }) => !declares(file, name))).toEqual([]);
});

/** Made by tools, or known to everybody. */
const unlisted = /^(\.|node_modules$|build$|dist$)/;

function section(heading: string): string {
  return new RegExp(`\\n## ${heading}\\n([\\s\\S]*?)\\n## `).exec(page)?.[1] ?? '';
}

function short(path: string): string {
  return path.replace(`${server}/`, '');
}

/** The code spans of a cell, with its abbreviations expanded. */
function layersIn(text: string): string[] {
  const words = {
    'the services': services.map(short),
    'the ports': ports.map(short),
    'the contract': ['@unkey-ts/contract'],
  };
  const spans = [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  const named = Object.entries(words).flatMap(([word, paths]) => (text.includes(word) ? paths : []));
  return [...new Set([...spans, ...named])]
    .filter((name) => !(name === 'storage/port' && text === name))
    .sort();
}

/** The paths that the lines of the tree begin with, each below the line that it is indented under. */
function tree(): string[] {
  const parents: string[] = [];
  return section('The tree')
    .split('\n')
    .flatMap((line) => {
      const depth = line.search(/[^│├└─ ]/) / 4;
      const [names = ''] = line.replace(/^[│├└─ ]+/, '').split(/ {2,}/);
      const words = names.split(' ');
      // Other lines go on with the description of the line above.
      if (
        !Number.isInteger(depth) ||
        depth > parents.length ||
        !words.every((word) => /^[\w./-]+[/.][\w-]*$/.test(word))
      )
        return [];
      const paths = words.map((word) => join(...parents.slice(0, depth), word));
      parents.splice(depth, Infinity, words[0] ?? '');
      return paths;
    });
}

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /^[a-z]+\/src\/.*\.ts$/.test(file) && !file.includes('.test.'))
    .map((file) => readFileSync(join(root, folder, file), 'utf8'));
}

function declares(file: string, name: string): boolean {
  const found = ['packages/server/src', 'packages/contract/src', 'packages/cli/src', '.']
    .map((place) => join(root, place, file))
    .find((path) => existsSync(path));
  const path = found ?? join(root, 'packages/server/src/pipeline', file);
  return new RegExp(`\\b(function|const|interface|type|class) ${name}\\b`).test(readFileSync(path, 'utf8'));
}
