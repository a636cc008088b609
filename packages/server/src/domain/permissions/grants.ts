import type { Requirement } from '@unkey-ts/contract';

/** What a root key holds, prepared once and asked often. */
export interface Grants {
  readonly tuples: ReadonlySet<string>;
  readonly urns: readonly UrnGrant[];
}

interface UrnGrant {
  readonly segments: readonly string[];
  readonly action: string;
}

/** Fills the `{name}` places of a requirement. */
export type Scope = Readonly<Record<string, string>>;

/** URN grants of another workspace and malformed ones are left out. */
export function prepareGrants(workspaceId: string, permissions: readonly string[]): Grants {
  const urns = permissions
    .map((permission) => parseUrn(workspaceId, permission))
    .filter((urn) => urn !== null);
  return { tuples: new Set(permissions.filter(isTuple)), urns };
}

/** Whether a permission is a URN grant that works in this workspace. */
export function isUrnGrant(workspaceId: string, permission: string): boolean {
  return parseUrn(workspaceId, permission) !== null;
}

/** A place that the scope does not fill is never satisfied. */
export function satisfies(requirement: Requirement, grants: Grants, scope: Scope): boolean {
  if (typeof requirement === 'string') return satisfiesLeaf(requirement, grants, scope);
  if ('anyOf' in requirement) return requirement.anyOf.some((part) => satisfies(part, grants, scope));
  return requirement.allOf.every((part) => satisfies(part, grants, scope));
}

/** The part of an unsatisfied requirement to tell about: of parts that are all needed, the first that fails. */
export function findMissing(requirement: Requirement, grants: Grants, scope: Scope): Requirement {
  if (typeof requirement === 'string' || 'anyOf' in requirement) return requirement;
  const part = requirement.allOf.find((candidate) => !satisfies(candidate, grants, scope));
  return part === undefined ? requirement : findMissing(part, grants, scope);
}

/** Tells what is required; what the caller holds plays no part. */
export function describeMissing(requirement: Requirement, scope: Scope): string {
  if (typeof requirement === 'string') return `Missing permission: '${show(requirement, scope)}'`;
  if ('anyOf' in requirement) return `Missing one of these permissions: ${show(requirement, scope)}`;
  return `Missing permissions: ${show(requirement, scope)}`;
}

// Braces and `#` belong to leaves, so a leaf can be looked up as it stands before anything is filled in.
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

// By hand, not by a pattern: a verification under a root key for one API passes here.
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
