import { type Issue, issuesMax, locationOf } from '@unkey-ts/contract';

// Only a text with one of these can hold a value that is looked for: the walk is rare. Each alternative reads a
// character a bounded number of times, whatever the text is.
const suspicious = /\\u(?:0000|[dD][89a-fA-F])|\d[eE]\+?\d{3}|(?<!\d)\d{309}/;

/** Locations are made for issues only: a body may hold millions of values without one. */
interface Walk {
  readonly issues: Issue[];
  readonly path: (string | number)[];
}

/**
 * Values that JSON can write but no database can keep: U+0000 and unpaired surrogates in strings and names, and
 * numbers beyond the range of a double. At most `issuesMax`. The body's nesting has been checked.
 */
export function textIssues(text: string, body: unknown): Issue[] {
  if (!suspicious.test(text)) return [];
  const walk: Walk = { issues: [], path: [] };
  visit(walk, body);
  return walk.issues;
}

function visit(walk: Walk, value: unknown): void {
  if (typeof value !== 'object' || value === null) report(walk, problemOf(value));
  else if (Array.isArray(value)) visitItems(walk, value);
  else visitMembers(walk, value as Readonly<Record<string, unknown>>);
}

function visitItems(walk: Walk, items: readonly unknown[]): void {
  for (let index = 0; index < items.length && !isFull(walk); index++) {
    walk.path.push(index);
    visit(walk, items[index]);
    walk.path.pop();
  }
}

function visitMembers(walk: Walk, members: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(members)) {
    if (isFull(walk)) return;
    if (problemOf(name) !== null) {
      report(walk, 'must not have a property name with the character U+0000 or an unpaired surrogate');
    }
    walk.path.push(name);
    visit(walk, members[name]);
    walk.path.pop();
  }
}

function isFull({ issues }: Walk): boolean {
  return issues.length >= issuesMax;
}

function report({ issues, path }: Walk, message: string | null): void {
  if (message !== null && issues.length < issuesMax)
    issues.push({ location: locationOf('body', path), message });
}

function problemOf(value: unknown): string | null {
  if (typeof value === 'number')
    return Number.isFinite(value) ? null : 'must be within the range of a double';
  if (typeof value !== 'string') return null;
  if (value.includes('\0')) return 'must not contain the character U+0000';
  return value.isWellFormed() ? null : 'must not contain an unpaired surrogate, which is not Unicode text';
}
