/** Replaces limit and duration for identifiers that match `identifier`, literally or with `*`. */
export interface Override {
  readonly id: string;
  readonly identifier: string;
  readonly limit: number;
  readonly durationMs: number;
  readonly createdAt: number;
}

/** The overrides of one namespace, prepared for frequent matching. */
export interface OverrideSet {
  readonly exact: ReadonlyMap<string, Override>;
  /** Most specific first. */
  readonly wildcards: readonly Wildcard[];
}

interface Wildcard {
  readonly override: Override;
  /** Every second piece is a line break; the others are split at their stars. */
  readonly lines: readonly (readonly string[])[];
}

export function prepareOverrides(list: readonly Override[]): OverrideSet {
  const sorted = [...list].sort(bySpecificity);
  const exact = new Map<string, Override>();
  for (const override of sorted)
    if (!exact.has(override.identifier)) exact.set(override.identifier, override);
  return { exact, wildcards: sorted.filter(hasStar).map(prepareWildcard) };
}

/** An exact match wins; otherwise the wildcard with the most literal characters, then the oldest, then the smallest id. */
export function findOverride(set: OverrideSet, identifier: string): Override | undefined {
  const exact = set.exact.get(identifier);
  if (exact !== undefined || set.wildcards.length === 0) return exact;
  const lines = splitLines(identifier);
  return set.wildcards.find((wildcard) => matchesLines(wildcard.lines, lines))?.override;
}

function bySpecificity(a: Override, b: Override): number {
  const specificity = literalLength(b.identifier) - literalLength(a.identifier);
  if (specificity !== 0) return specificity;
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

function literalLength(pattern: string): number {
  return [...pattern.replaceAll('*', '')].length;
}

function hasStar(override: Override): boolean {
  return override.identifier.includes('*');
}

function prepareWildcard(override: Override): Wildcard {
  return { override, lines: splitLines(override.identifier).map((line) => line.split('*')) };
}

// A star does not match a line break, so text and pattern match line by line.
function splitLines(text: string): string[] {
  return text.split(/([\n\r\u2028\u2029])/);
}

function matchesLines(patterns: readonly (readonly string[])[], lines: readonly string[]): boolean {
  return (
    patterns.length === lines.length &&
    patterns.every((parts, index) => matchesLine(parts, lines[index] ?? ''))
  );
}

// Matching each part at its first position is sufficient and needs no backtracking, so no pattern is slow.
function matchesLine(parts: readonly string[], line: string): boolean {
  const head = parts[0] ?? '';
  if (parts.length === 1) return line === head;
  const tail = parts.at(-1) ?? '';
  const end = line.length - tail.length;
  if (head.length > end || !line.startsWith(head) || !line.endsWith(tail)) return false;
  let from = head.length;
  for (let index = 1; index < parts.length - 1; index++) {
    const part = parts[index] ?? '';
    const at = line.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return from <= end;
}
