import { type Issue, issuesMax, locationOf } from '@unkey-ts/contract';

/** Locations are made for issues only: a body may hold millions of values without one. */
interface Walk {
  readonly issues: Issue[];
  readonly path: (string | number)[];
}

/**
 * Values that JSON can write but no database can keep: U+0000 and unpaired surrogates in strings and names, and
 * numbers beyond the range of a double. At most `issuesMax`. The body's nesting has been checked.
 */
export function textIssues(body: unknown): Issue[] {
  const walk: Walk = { issues: [], path: [] };
  visit(walk, body);
  return walk.issues;
}

function visit(walk: Walk, value: unknown): void {
  if (Array.isArray(value)) visitItems(walk, value);
  else if (isObject(value)) visitMembers(walk, value);
  else report(walk, problemOf(value));
}

function visitItems(walk: Walk, items: readonly unknown[]): void {
  for (let index = 0; index < items.length && !isFull(walk); index++) {
    visitAt(walk, index, items[index]);
  }
}

function visitMembers(walk: Walk, members: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(members)) {
    if (isFull(walk)) return;
    if (problemOf(name) !== null) {
      report(walk, 'must not have a property name with the character U+0000 or an unpaired surrogate');
    }
    visitAt(walk, name, members[name]);
  }
}

function visitAt(walk: Walk, place: string | number, value: unknown): void {
  if (!isObject(value) && problemOf(value) === null) return;
  walk.path.push(place);
  visit(walk, value);
  walk.path.pop();
}

/** Of arrays, too. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
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
