import { type Issue, issuesMax, memberAt } from '@unkey-ts/contract';

// Only a body with one of these in its text can hold a value that is looked for: the walk is rare.
const suspicious = /\\u(?:0000|[dD][89a-fA-F])|\d[eE]\+?0*\d{3}|\d{309}/;

/**
 * Values that JSON can write but no database can keep: U+0000 and lone surrogates in strings and member names, and
 * numbers beyond the range of a double. It stops when it has found more than an answer names.
 */
export function textIssues(text: string, body: unknown): Issue[] {
  if (!suspicious.test(text)) return [];
  const issues: Issue[] = [];
  const found: { location: string; value: unknown }[] = [{ location: 'body', value: body }];
  // What is inside a value joins the end of the list that is being walked.
  for (const { location, value } of found) {
    if (issues.length >= issuesMax) break;
    const problem = problemOf(value);
    if (problem !== null) issues.push({ location, message: problem });
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, member] of Object.entries(value)) {
      const isArray = Array.isArray(value);
      const nameProblem = isArray ? null : problemOf(name);
      if (nameProblem !== null) issues.push({ location, message: `has a member whose name ${nameProblem}` });
      found.push({ location: isArray ? `${location}[${name}]` : memberAt(location, name), value: member });
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
