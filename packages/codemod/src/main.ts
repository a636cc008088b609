#!/usr/bin/env node
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { createTwoFilesPatch } from 'diff';
import { families } from './modules.ts';
import { type FamilyOutcome, type FileText, moveProgram } from './move.ts';
import type { Remark } from './plan.ts';

const usage = `Moves programs from ${families.map(({ name }) => name).join(', ')} to unkey-ts.

  unkey-ts-codemod [options] [file or folder ...]     Default: the current folder

  --from NAME    only this package; may be repeated. Default: all
  --write        changes the files. Default: shows what would change
  --help

A package is moved to the names of unkey-ts if all files that use it can be, and otherwise to unkey-ts/compat/…, which has
the same names. What stands in the way is listed. Run the type checker and the tests afterwards.
`;

function run(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      from: { type: 'string', multiple: true },
      write: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const names = families.map(({ name }) => name);
  const unknown = values.from?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`Unknown package '${unknown}': expected ${names.join(', ')}.`);
  const paths = positionals.length === 0 ? ['.'] : positionals;
  const files = paths.flatMap(filesIn).map((path): FileText => ({ path, text: readFileSync(path, 'utf8') }));
  const outcome = moveProgram(files, values.from ?? names);
  for (const { path, text } of outcome.changed) {
    if (values.write) writeFileSync(path, text);
    else console.log(patchOf(path, files.find((file) => file.path === path)?.text ?? '', text));
  }
  for (const family of outcome.families) console.log(familyText(family));
  if (outcome.unreadable.length > 0) console.log(section('These files cannot be read', outcome.unreadable));
  console.log(closingLine(outcome.changed.length, values.write ?? false));
  return outcome.unreadable.length > 0 ? 1 : 0;
}

const skipped = /^(node_modules|dist|build|out|coverage|\..+)$/;
const programs = /(?<!\.d)\.[cm]?[jt]sx?$/;

function filesIn(path: string): string[] {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) throw new Error(`There is no file or folder '${path}'.`);
  if (status.isFile()) return [path];
  // Links are not followed: they may lead out of the program, or in a circle.
  if (!status.isDirectory()) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) return skipped.test(entry.name) ? [] : filesIn(inner);
    return entry.isFile() && programs.test(entry.name) ? [inner] : [];
  });
}

function patchOf(path: string, before: string, after: string): string {
  const name = relative('.', path);
  return createTwoFilesPatch(name, name, before, after, undefined, undefined, { context: 2 });
}

function familyText({ from, to, files, obstacles, notes }: FamilyOutcome): string {
  const count = `${files} ${files === 1 ? 'file' : 'files'}`;
  return [
    `${from} → ${to}: ${count}`,
    obstacles.length === 0 ? '' : section('  Not moved to the names of unkey-ts, because', obstacles),
    notes.length === 0 ? '' : section('  To be checked', notes),
  ]
    .filter((text) => text !== '')
    .join('\n');
}

function section(title: string, remarks: readonly Remark[]): string {
  const lines = remarks.map(({ path, line, text }) => `    ${relative('.', path)}:${line}  ${text}`);
  return `${title}:\n${[...new Set(lines)].join('\n')}`;
}

function closingLine(count: number, isWritten: boolean): string {
  if (count === 0) return 'Nothing to change.';
  const files = `${count} ${count === 1 ? 'file' : 'files'}`;
  if (!isWritten) return `${files} would change. Run it with --write to change them.`;
  return `${files} changed. Next: npm install unkey-ts, your formatter, the type checker, the tests; then npm uninstall the old packages.`;
}

try {
  process.exitCode = run();
} catch (error) {
  console.error(`unkey-ts-codemod: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
