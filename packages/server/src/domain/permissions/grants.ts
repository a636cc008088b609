import type { Requirement } from '@unkey-ts/contract';

/** The permissions of a root key, prepared for frequent checks. */
export interface Grants {
  readonly tuples: ReadonlySet<string>;
  readonly urns: readonly UrnGrant[];
}

interface UrnGrant {
  readonly segments: readonly string[];
  readonly action: string;
}

/** Values for the `{name}` placeholders of a requirement. */
export type Scope = Readonly<Record<string, string>>;

/** Ignores malformed URN grants and those of another workspace. */
export function prepareGrants(workspaceId: string, permissions: readonly string[]): Grants {
  const urns = permissions
    .map((permission) => parseUrn(workspaceId, permission))
    .filter((urn) => urn !== null);
  return { tuples: new Set(permissions.filter(isTuple)), urns };
}

/** Whether a permission is a URN grant of this workspace. */
export function isUrnGrant(workspaceId: string, permission: string): boolean {
  return parseUrn(workspaceId, permission) !== null;
}

/** A requirement with an unfilled placeholder is never satisfied. */
export function satisfies(requirement: Requirement, grants: Grants, scope: Scope): boolean {
  if (typeof requirement === 'string') return satisfiesLeaf(requirement, grants, scope);
  if ('anyOf' in requirement) return requirement.anyOf.some((part) => satisfies(part, grants, scope));
  return requirement.allOf.every((part) => satisfies(part, grants, scope));
}

/** The part of an unsatisfied requirement to report: of an `and`, the first part that fails. */
export function findMissing(requirement: Requirement, grants: Grants, scope: Scope): Requirement {
  if (typeof requirement === 'string' || 'anyOf' in requirement) return requirement;
  const part = requirement.allOf.find((candidate) => !satisfies(candidate, grants, scope));
  return part === undefined ? requirement : findMissing(part, grants, scope);
}

/** Describes the requirement, independent of the permissions that the caller has. */
export function describeMissing(requirement: Requirement, scope: Scope): string {
  if (typeof requirement === 'string') return `Missing permission: '${show(requirement, scope)}'`;
  if ('anyOf' in requirement) return `Missing one of these permissions: ${show(requirement, scope)}`;
  return `Missing permissions: ${show(requirement, scope)}`;
}

// Braces and `#` belong to leaves, so a leaf can be looked up before its placeholders are filled.
function isTuple(permission: string): boolean {
  return !permission.includes('{') && !permission.includes('#');
}

function satisfiesLeaf(leaf: string, grants: Grants, scope: Scope): boolean {
  if (grants.tuples.has(leaf)) return true;
  const hash = leaf.indexOf('#');
  if (hash === -1) return leaf.includes('{') && grants.tuples.has(fill(leaf, scope));
  if (grants.urns.length === 0) return false;
  const action = leaf.slice(hash + 1);
  // Filled after splitting: a value never adds a segment.
  const path = leaf
    .slice(0, hash)
    .split('/')
    .map((segment) => fill(segment, scope));
  return !path.some(isUnfilled) && grants.urns.some((urn) => covers(urn, path, action));
}

// Without a regular expression: this is on the verify path for root keys of one API.
function fill(template: string, scope: Scope): string {
  const open = template.indexOf('{');
  const close = template.indexOf('}', open);
  if (open === -1 || close === -1) return template;
  const name = template.slice(open + 1, close);
  const value = Object.hasOwn(scope, name) ? scope[name] : undefined;
  return template.slice(0, open) + (value ?? `{${name}}`) + fill(template.slice(close + 1), scope);
}

function isUnfilled(segment: string): boolean {
  return segment.includes('{');
}

function covers(urn: UrnGrant, path: readonly string[], action: string): boolean {
  if (urn.action !== '*' && urn.action !== action) return false;
  const isSubtree = urn.segments.at(-1) === '**';
  const fixed = isSubtree ? urn.segments.length - 1 : urn.segments.length;
  if (isSubtree ? path.length < fixed : path.length !== fixed) return false;
  for (let index = 0; index < fixed; index++) {
    const granted = urn.segments[index];
    if (granted !== '*' && granted !== path[index]) return false;
  }
  return true;
}

function parseUrn(workspaceId: string, permission: string): UrnGrant | null {
  const head = `unkey:v1:${workspaceId}:`;
  if (!permission.startsWith(head)) return null;
  const [path, action, ...rest] = permission.slice(head.length).split('#');
  if (path === undefined || action === undefined || rest.length > 0) return null;
  const segments = path.split('/');
  if (!segments.every(isSegment)) return null;
  return isAction(action) || (action === '*' && path === '**') ? { segments, action } : null;
}

function isSegment(segment: string, index: number, segments: readonly string[]): boolean {
  if (segment === '**') return index === segments.length - 1;
  return segment === '*' || /^[^:*]+$/.test(segment);
}

function isAction(action: string): boolean {
  return /^[^:/*]+$/.test(action) && !action.startsWith('_') && !action.endsWith('_');
}

function show(requirement: Requirement, scope: Scope): string {
  if (typeof requirement === 'string') return fill(requirement, scope);
  if ('anyOf' in requirement) return requirement.anyOf.map((part) => show(part, scope)).join(' or ');
  return requirement.allOf.map((part) => showJoined(part, scope)).join(' and ');
}

function showJoined(part: Requirement, scope: Scope): string {
  const isChoice = typeof part !== 'string' && 'anyOf' in part && part.anyOf.length > 1;
  return isChoice ? `(${show(part, scope)})` : show(part, scope);
}
