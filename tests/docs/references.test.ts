import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root })
  .toString()
  .trim()
  .split('\n')
  .filter((file) => existsSync(join(root, file)));
const pages = files
  .filter((file) => file.endsWith('.md'))
  .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

test('every link between pages leads to a file, and to a heading that it has', () => {
  expect(pages.flatMap(brokenLinks)).toEqual([]);
});

test('every path that a page names exists', () => {
  const known = new Set(files.flatMap((file) => [file, ...parentsOf(file)]));
  const missing = pages.flatMap(({ file, text }) =>
    pathsIn(text)
      .filter((path) => !isKnown(known, path))
      .map((path) => `${file}: ${path}`),
  );
  expect(missing).toEqual([]);
});

function brokenLinks({ file, text }: { file: string; text: string }): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = '', heading] = link.split('#');
      const target = path === '' ? file : normalize(join(dirname(file), path));
      if (!existsSync(join(root, target))) return true;
      return heading !== undefined && !headingsOf(readFileSync(join(root, target), 'utf8')).has(heading);
    })
    .map((link) => `${file}: ${link}`);
}

/** As GitHub makes anchors. */
function headingsOf(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
      (match[1] ?? '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Files and folders that code spans name, in whole or from some folder on; and all of the tree in ARCHITECTURE.md. */
function pathsIn(text: string): string[] {
  const tree = /## The tree\n\n```\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const prose = text.replace(/^( *)```[\s\S]*?^\1```/gm, '');
  const spans = [...prose.matchAll(/`([A-Za-z0-9_./-]+)`/g), ...tree.matchAll(/([A-Za-z0-9_./-]+\.ts)\b/g)];
  return spans
    .map((match) => match[1] ?? '')
    .filter((path) => /^[\w-][\w./-]*\.(ts|mjs|sh|py|ya?ml|cfg|service)$/.test(path) && !isMade.test(path));
}

/** Files that a build creates, that readers create in repositories of their own, and a package that is named like one. */
const isMade = /^(build|dist|packages\/[a-z]+\/dist)\/|disable-key|^(unkey\.py|middleware\.ts|proxy\.ts)$/;

function isKnown(known: ReadonlySet<string>, path: string): boolean {
  if (known.has(path)) return true;
  for (const file of known) if (file.endsWith(`/${path}`)) return true;
  return false;
}

function parentsOf(file: string): string[] {
  const parent = dirname(file);
  return parent === '.' ? [] : [parent, ...parentsOf(parent)];
}
