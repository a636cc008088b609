import { readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { type Issue, issuesOf } from '@unkey-ts/contract';
import { isScalar, LineCounter, parseDocument } from 'yaml';
import { EmulatorError } from '../emulator-error.ts';
import { shown } from '../shown.ts';
import type { Seed } from '../types.ts';
import { referenceIssues } from './reference-issues.ts';
import { seedSchema } from './schema.ts';

/** A seed that has been checked, and a function that says where in its file a location is. */
export interface ReadSeed {
  readonly seed: Seed;
  /** `unkey.seed.yaml:12:5: `; the empty string for an object. */
  placeOf(location: string): string;
}

type Path = readonly (string | number)[];

/** Throws an EmulatorError that names every mistake. `now`: the time of the start, for durations. */
export function readSeed(source: string | Seed, now: number): ReadSeed {
  const read = typeof source === 'string' ? parseFile(source) : { seed: source, placeOf: () => '' };
  const issues = issuesOf(seedSchema, read.seed, root);
  const all = issues.length > 0 ? issues : referenceIssues(read.seed, now);
  if (all.length === 0) return read;
  throw new EmulatorError(
    [
      'The seed has mistakes:',
      ...all.map((issue) => `  ${read.placeOf(issue.location)}${textOf(issue)}`),
    ].join('\n'),
  );
}

/** Locations begin with it: `seed.keys[0].name`. */
const root = 'seed';

function textOf({ location, message, fix }: Issue): string {
  return `${location} ${message}${fix === undefined ? '' : `; ${fix}`}`;
}

function parseFile(name: string): ReadSeed {
  const file = resolve(name);
  if (!['.yaml', '.yml', '.json'].includes(extname(file)))
    throw new EmulatorError(
      `The seed ${shown(name)} must be a file whose name ends in .yaml, .yml or .json.`,
    );
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}: `;
  };
  const mistakes = document.errors.map(({ message, pos }) => `  ${place(pos[0])}${message}`);
  if (mistakes.length > 0) throw new EmulatorError(['The seed has mistakes:', ...mistakes].join('\n'));
  return {
    seed: contentOf(document, name),
    placeOf(location) {
      // The name of an unknown or wrong member, or the nearest value around a missing one.
      for (let path = pathOf(location); ; path = path.slice(0, -1)) {
        const node = path.length === 0 ? document.contents : nodeAt(document, path);
        const start = (node as { range?: readonly number[] | null } | null)?.range?.[0];
        if (start !== undefined) return place(start);
        if (path.length === 0) return `${name}: `;
      }
    },
  };
}

function contentOf(document: ReturnType<typeof parseDocument>, name: string): Seed {
  try {
    // An empty file is an empty seed.
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (cause) {
    throw new EmulatorError(
      `The seed ${name} cannot be used: ${cause instanceof Error ? cause.message : cause}.`,
      { cause },
    );
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new EmulatorError(`The seed ${file} cannot be read (${code}).`, { cause });
  }
}

/** `seed.keys[0].name` → `['keys', 0, 'name']`. */
function pathOf(location: string): Path {
  return [...location.slice(root.length).matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\.([^.[]+)/g)].map(
    ([, index, quoted, name]) => (index !== undefined ? Number(index) : (quoted ?? name ?? '')),
  );
}

function nodeAt(document: ReturnType<typeof parseDocument>, path: Path): unknown {
  try {
    const node = document.getIn(path, true);
    if (!isScalar(node) && node === undefined) return undefined;
    return node;
  } catch {
    return undefined;
  }
}
