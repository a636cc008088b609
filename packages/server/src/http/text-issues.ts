import type { Issue } from '@unkey-ts/contract';

// Only a body with one of these in its text can hold a value that is looked for: the walk is rare.
const suspicious = /\\u(?:0000|[dD][89a-fA-F])|\d[eE]\+?0*\d{3}|\d{309}/;

/**
 * Values that JSON can write but no database can keep: U+0000 and lone surrogates in strings and member names, and
 * numbers beyond the range of a double.
 */
export function textIssues(text: string, value: unknown): Issue[] {
  if (!suspicious.test(text)) return [];
  const issues: Issue[] = [];
  const pending: { location: string; value: unknown }[] = [{ location: 'body', value }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const problem = problemOf(next.value);
    if (problem !== null) issues.push({ location: next.location, message: problem });
    if (typeof next.value !== 'object' || next.value === null) continue;
    for (const [name, member] of Object.entries(next.value)) {
      const isArray = Array.isArray(next.value);
      const nameProblem = isArray ? null : problemOf(name);
      if (nameProblem !== null) {
        issues.push({ location: next.location, message: `has a member whose name ${nameProblem}` });
      }
      pending.push({
        location: isArray ? `${next.location}[${name}]` : placeOf(next.location, name),
        value: member,
      });
    }
  }
  return issues;
}

function problemOf(value: unknown): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'is a number out of range';
  if (typeof value !== 'string') return null;
  if (value.includes('\0')) return 'contains the character U+0000, which cannot be stored';
  return value.isWellFormed() ? null : 'contains half of a surrogate pair, which is not Unicode text';
}

function placeOf(location: string, name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${location}.${name}` : `${location}[${JSON.stringify(name)}]`;
}
