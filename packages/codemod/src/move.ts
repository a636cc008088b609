import { type Family, families, type ModuleUse, moduleUses } from './modules.ts';
import type { Plan, Remark } from './plan.ts';
import { applyEdits, type Edit, parseFile, type SourceFile } from './syntax.ts';
import { planCompat } from './to-compat.ts';
import { planOwnClient } from './to-own-client.ts';
import { planOwnLimiter } from './to-own-limiter.ts';

/** A file as it is, or as it will be. */
export interface FileText {
  readonly path: string;
  readonly text: string;
}

/** The outcome for one published package. */
export interface FamilyOutcome {
  readonly from: string;
  /** `unkey-ts`, or the entry with the same names. */
  readonly to: string;
  /** How many files were moved there. */
  readonly files: number;
  /** Why the names of `unkey-ts` are not used, or why files are left as they are. */
  readonly obstacles: readonly Remark[];
  readonly notes: readonly Remark[];
}

export interface MoveOutcome {
  /** Files whose text changes. */
  readonly changed: readonly FileText[];
  readonly families: readonly FamilyOutcome[];
  /** Files that cannot be read as programs. */
  readonly unreadable: readonly Remark[];
}

type PlanOwn = (file: SourceFile, uses: readonly ModuleUse[]) => Plan;

/** Families whose programs can be moved to the names of `unkey-ts`, and the module that has them. */
const ownNames: Readonly<Record<string, { readonly to: string; readonly plan: PlanOwn }>> = {
  '@unkey/api': { to: 'unkey-ts', plan: planOwnClient },
  '@unkey/ratelimit': { to: 'unkey-ts/ratelimit', plan: planOwnLimiter },
};

/** Why the others keep their names. */
const doorReason =
  'The doors of unkey-ts refuse invalid keys themselves, and the verified key has another shape: move by hand (README).';

/**
 * Moves a program. A package is moved to the names of `unkey-ts` only if all of its files can be, because its types and
 * clients are passed from file to file; otherwise to the entry with the same names.
 *
 * @param from Names of the packages to move.
 */
export function moveProgram(files: readonly FileText[], from: readonly string[]): MoveOutcome {
  const unreadable: Remark[] = [];
  const sources = files
    .filter(({ text }) => text.includes('unkey'))
    .flatMap(({ path, text }) => {
      try {
        return [parseFile(path, text)];
      } catch (error) {
        const { message, loc } = error as Error & { loc?: { line: number } };
        unreadable.push({ path, line: loc?.line ?? 1, text: message });
        return [];
      }
    });
  const edits = new Map<SourceFile, Edit[]>();
  const outcomes = families
    .filter(({ name }) => from.includes(name))
    .map((family) => moveFamily(family, sources, edits))
    .filter(({ files, obstacles }) => files > 0 || obstacles.length > 0);
  const changed = [...edits].map(([{ path, text }, changes]) => ({ path, text: applyEdits(text, changes) }));
  return {
    changed: changed.filter(({ text }, index) => text !== [...edits.keys()][index]?.text),
    families: outcomes,
    unreadable,
  };
}

function moveFamily(
  family: Family,
  sources: readonly SourceFile[],
  edits: Map<SourceFile, Edit[]>,
): FamilyOutcome {
  const used = sources
    .map((file) => ({ file, uses: moduleUses(file, [family]) }))
    .filter(({ uses }) => uses.length > 0);
  const own = ownNames[family.name];
  const owns = own ? used.map(({ file, uses }) => ({ file, plan: own.plan(file, uses) })) : [];
  const compats = used.map(({ file, uses }) => ({ file, plan: planCompat(file, family, uses) }));
  const isOwn = own !== undefined && [...owns, ...compats].every(({ plan }) => plan.obstacles.length === 0);
  const moved = isOwn ? owns : compats.filter(({ plan }) => plan.obstacles.length === 0);
  for (const { file, plan } of moved) edits.set(file, [...(edits.get(file) ?? []), ...plan.edits]);
  return {
    from: family.name,
    to: isOwn ? own.to : family.compat,
    files: moved.length,
    obstacles: [
      ...[...compats, ...owns].flatMap(({ plan }) => plan.obstacles),
      ...(own === undefined ? used.map(({ file }) => ({ path: file.path, line: 1, text: doorReason })) : []),
    ],
    notes: isOwn ? owns.flatMap(({ plan }) => plan.notes) : [],
  };
}
