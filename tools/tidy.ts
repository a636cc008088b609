import { readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** A violation of a source rule, and its remedy. */
export interface Finding {
  readonly file: string;
  readonly message: string;
}

interface Source {
  /** Path from the repository's root. */
  readonly file: string;
  readonly text: string;
}

export interface Room {
  readonly path: string;
  /** Paths, or package names, that its files may import besides the room itself. */
  readonly mayImport: readonly string[];
}

export const server = 'packages/server/src';
/** The interfaces behind which the adapters stand, and the caches. */
export const ports = [
  `${server}/storage/port`,
  `${server}/storage/lookups.ts`,
  `${server}/storage/last-used.ts`,
  `${server}/counters/port.ts`,
  `${server}/events/port.ts`,
  `${server}/jobs/port.ts`,
];
const ground = [`${server}/base`, `${server}/domain`];
/** What operations and jobs work with. */
export const services = [
  ...ground,
  ...ports,
  `${server}/secrets`,
  `${server}/services.ts`,
  '@unkey-ts/contract',
];

/**
 * Which layer may import which, from top to bottom. The first entry that contains a file applies; other files (app.ts,
 * index.ts) may import anything.
 */
export const rooms: readonly Room[] = [
  { path: 'packages/contract/src', mayImport: ['typebox'] },
  { path: 'packages/sdk/src/middleware', mayImport: ['packages/sdk/src', 'hono', 'express', 'fastify'] },
  { path: 'packages/sdk/src/compat', mayImport: ['packages/sdk/src', 'hono', 'next/server'] },
  { path: 'packages/sdk/src', mayImport: [] },
  { path: 'packages/codemod/src', mayImport: ['@babel/parser', '@babel/types', 'diff'] },
  { path: 'packages/cli/src', mayImport: ['@unkey-ts/contract', '@unkey-ts/emulator', '@unkey-ts/server'] },
  { path: 'packages/emulator/src', mayImport: ['@unkey-ts/contract', '@unkey-ts/server', 'typebox', 'yaml'] },
  { path: `${server}/transport`, mayImport: [`${server}/base`] },
  {
    path: `${server}/pipeline`,
    mayImport: [...services, `${server}/operations`, `${server}/monitoring`],
  },
  {
    path: `${server}/monitoring`,
    mayImport: [...ground, ...ports, '@unkey-ts/contract', 'prom-client', 'yaml'],
  },
  { path: `${server}/jobs`, mayImport: [...services, `${server}/operations`] },
  { path: `${server}/workspace`, mayImport: [...services, `${server}/config.ts`] },
  { path: `${server}/operations`, mayImport: services },
  { path: `${server}/secrets`, mayImport: [`${server}/base`] },
  {
    path: `${server}/storage/port`,
    mayImport: [...ground, '@unkey-ts/contract'],
  },
  {
    path: `${server}/storage`,
    mayImport: [
      ...ground,
      `${server}/memory`,
      `${server}/events/port.ts`,
      `${server}/events/workspaces-in.ts`,
      'kysely',
      'pg',
      '@photostructure/sqlite',
      '@unkey-ts/contract',
    ],
  },
  {
    path: `${server}/counters`,
    mayImport: [...ground, `${server}/memory`, `${server}/storage/postgres/connections.ts`, 'ioredis', 'pg'],
  },
  {
    path: `${server}/events`,
    mayImport: [`${server}/base`, `${server}/storage/sqlite/run-migrations.ts`, '@photostructure/sqlite'],
  },
  { path: `${server}/memory`, mayImport: [`${server}/base`] },
  { path: `${server}/domain`, mayImport: ['@unkey-ts/contract'] },
  { path: `${server}/base`, mayImport: ['pino'] },
];

const vagueNames = /^(utils?|helpers?|common|shared|misc|stuff|lib)(\.|$)/;
const kebabCase = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/;
/** Names that tools prescribe: by GitHub, of READMEs, Helm and Python modules. */
const prescribedNames = /^\.github\/|README\.md$|^deploy\/helm\/|\.py$/;
const importPattern = /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)/g;

/** All violations in these files. */
export function tidy(files: readonly string[]): Finding[] {
  const sources = files
    .filter((file) => /\.(ts|tsx|mjs)$/.test(file))
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }));
  return [
    ...files.flatMap(nameFindings),
    ...sources.flatMap(textFindings),
    ...sources.flatMap(roomFindings),
    ...sources.flatMap(functionFindings),
    ...cycleFindings(sources),
    ...operationFindings(files),
  ];
}

function nameFindings(file: string): Finding[] {
  const parts = file.split('/');
  const vague = parts.filter((part) => vagueNames.test(part) && !file.startsWith('docs/'));
  const isKebabCase =
    prescribedNames.test(file) || parts.length === 1 || parts.every((part) => kebabCase.test(part));
  return [
    ...vague.map((part) => `'${part}' says nothing: name the file after the one idea in it.`),
    ...(isKebabCase
      ? []
      : ['The name is not in kebab-case: use lower case and hyphens, for example find-key.ts.']),
  ].map((message) => ({ file, message }));
}

interface TextRule {
  readonly pattern: RegExp;
  readonly message: string;
  /** The files it applies to; default: all. */
  readonly only?: RegExp;
  readonly except?: RegExp;
}

const textRules: readonly TextRule[] = [
  {
    pattern: /\b(TODO|FIXME|XXX)\b/,
    message: 'Open work belongs in an issue: do it, or remove the note.',
    except: /^tools\/tidy/,
  },
  {
    pattern: /\b(it|test|describe)\.(skip|only|todo|fails)\b/,
    message: 'A test is switched off or singled out: make it pass, or delete it.',
    except: /^tools\/tidy/,
  },
  {
    pattern: /@ts-(ignore|nocheck)/,
    message: 'The compiler is silenced: narrow the type instead, or cast with a reason.',
    except: /^tools\/tidy/,
  },
  {
    pattern: /\bas any\s*[;,)\].]/,
    message: '`any` hides what the compiler could see: name the type.',
    except: /^tools\/tidy/,
  },
  {
    pattern: /(^|\n)\s*(decodeURI(Component)?|new (URL|RegExp)|BigInt|JSON\.parse)\([^\n]*\);(\n|$)/,
    message:
      'The bundler drops a call without effect whose result is not used, also if it may throw: return the result.',
    only: /^packages\/(contract|server|cli)\/src\/(?!.*\.test\.)/,
  },
  {
    pattern: /\bvi\.(mock|doMock)\('(\.|@unkey-ts)/,
    message: 'Nothing of ours is mocked: pass the part in, or use the real one.',
    except: /^tools\/tidy/,
  },
  {
    pattern: /(^|\n)import (?!type )[^'"]*? from '@unkey-ts\/contract'/,
    message:
      'The domain knows the types of the contract only: write `import type`, or take the value as a parameter.',
    only: /^packages\/server\/src\/domain\/(?!.*\.test\.)/,
  },
  {
    pattern: /(^|\n)import (?!type )[^'"]*? from '@unkey-ts\/server'/,
    message: 'Commands load the server on demand: import its types only, and take the rest from `import()`.',
    only: /^packages\/cli\/src\/(?!.*\.test\.)/,
  },
  {
    pattern:
      /\b(Date\.now|Math\.random|performance\.now|random(Bytes|UUID|Int)|getRandomValues|set(Timeout|Interval|Immediate)|fetch)\(|new Date\(\)|\bprocess\.|import (?!\{( (hash|isIP|isIPv4|isIPv6),?)+ \} from 'node:)[^;]*? from 'node:/,
    message: 'The domain has no clock, no randomness and no I/O: take the value as a parameter.',
    only: /^packages\/server\/src\/domain\/(?!.*\.test\.)/,
  },
];

function textFindings({ file, text }: Source): Finding[] {
  return textRules
    .filter(({ only, except }) => (only?.test(file) ?? true) && !except?.test(file))
    .filter(({ pattern }) => pattern.test(text))
    .map(({ message }) => ({ file, message }));
}

const maxFunctionLines = 60;

/** Functions that may be longer: lists of short closures over one state, which read like a class, or of declarations. */
const longFunctions: ReadonlySet<string> = new Set([
  'packages/sdk/src/middleware/decide.ts createDecide',
  'packages/sdk/src/start-call.ts startCall',
  `${server}/config.ts configFrom`,
  `${server}/events/batch-text.ts createBatchText`,
  `${server}/events/buffer.ts createEventBuffer`,
]);

function functionFindings({ file, text }: Source): Finding[] {
  if (!/^packages\/[^/]+\/src\/.*\.ts$/.test(file) || /\.test\.|\/conformance\/|\/generated\//.test(file))
    return [];
  return functionsOf(parseAst(text, { lang: 'ts' }), '').flatMap(({ name, start, end, switches }) => {
    const lines = text.slice(start, end).split('\n').length;
    const isTooLong = lines > maxFunctionLines && !longFunctions.has(`${file} ${name}`);
    return [
      ...(isTooLong
        ? [
            `${name} has ${lines} lines, the limit is ${maxFunctionLines}: move a step of it into a function of its own.`,
          ]
        : []),
      ...switches.map(
        (parameter) =>
          `${name} has the boolean parameter '${parameter}': make it a fact (isOpen), or make two functions.`,
      ),
    ].map((message) => ({ file, message }));
  });
}

interface FunctionRange {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Boolean parameters whose names are not facts. */
  readonly switches: readonly string[];
}

interface SyntaxNode {
  readonly type?: string;
  readonly id?: { name?: string } | null;
  readonly key?: { name?: string };
  readonly params?: readonly Parameter[];
  readonly start: number;
  readonly end: number;
}

interface Parameter {
  readonly name?: string;
  readonly left?: Parameter;
  readonly typeAnnotation?: { readonly typeAnnotation?: { readonly type?: string } } | null;
}

/** All functions in a syntax tree, each named after itself or after what it is assigned to. */
function functionsOf(node: unknown, owner: string): FunctionRange[] {
  if (Array.isArray(node)) return node.flatMap((item) => functionsOf(item, owner));
  if (typeof node !== 'object' || node === null) return [];
  const { type, id, key, params = [], start, end } = node as SyntaxNode;
  const name = id?.name ?? key?.name ?? owner;
  const inner = Object.values(node).flatMap((child) => functionsOf(child, name));
  return type?.includes('Function') ? [{ name, start, end, switches: switchesOf(params) }, ...inner] : inner;
}

function switchesOf(params: readonly Parameter[]): string[] {
  return params
    .map((parameter) => parameter.left ?? parameter)
    .filter(({ typeAnnotation }) => typeAnnotation?.typeAnnotation?.type === 'TSBooleanKeyword')
    .map(({ name = '' }) => name)
    .filter((name) => !/^(is|has|can)[A-Z]/.test(name));
}

function roomFindings({ file, text }: Source): Finding[] {
  const room = rooms.find(({ path }) => file.startsWith(`${path}/`));
  if (room === undefined || file.includes('.test.') || file.includes('/conformance/')) return [];
  return importsOf({ file, text })
    .filter((target) => !target.startsWith('node:') && !isWithin(target, [room.path, ...room.mayImport]))
    .map((target) => ({
      file,
      message: `${room.path} may not import ${target}: ask for what it needs through a parameter or a port.`,
    }));
}

function isWithin(target: string, allowed: readonly string[]): boolean {
  return allowed.some((path) => target === path || target.startsWith(`${path}/`));
}

/** The imports of a file: paths from the root for relative imports, names for packages. */
function importsOf({ file, text }: Source): string[] {
  return [...text.matchAll(importPattern)]
    .map((match) => match[1] ?? match[2] ?? '')
    .map((target) => (target.startsWith('.') ? normalize(join(dirname(file), target)) : target));
}

function cycleFindings(sources: readonly Source[]): Finding[] {
  const graph = new Map(sources.map((source) => [source.file, runtimeImportsOf(source)]));
  const findings: Finding[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start !== -1) {
      const cycle = [...trail.slice(start), file].map((step) => relative('', step)).join(' → ');
      findings.push({
        file,
        message: `Files import each other in a cycle (${cycle}): move what both need into a third.`,
      });
      return;
    }
    if (done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return findings;
}

/** Imports that exist at run time: type-only imports do not. */
function runtimeImportsOf({ file, text }: Source): string[] {
  return importsOf({
    file,
    text: text.replace(/(?:^|\n)\s*(?:import|export)\s+type\s[^'"]*?from\s+'[^']+'/g, '\n'),
  });
}

/** An operation is one file of the same name in every layer. */
function operationFindings(files: readonly string[]): Finding[] {
  const known = new Set(files);
  const declared = files.flatMap((file) => {
    const match =
      /^packages\/contract\/src\/(apis|identities|keys|permissions|ratelimit)\/([a-z-]+)\.ts$/.exec(file);
    return match?.[1] && match[2] && !match[2].endsWith('-access') ? [`${match[1]}/${match[2]}`] : [];
  });
  return declared.flatMap((name) =>
    [`${server}/operations/${name}.ts`, `tests/api/${name}.ts`]
      .filter((file) => !known.has(file))
      .map((file) => ({
        file,
        message: `The contract declares ${name}, but this file is missing: create it.`,
      })),
  );
}
