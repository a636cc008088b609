import type { Access, AccessCheck, Condition, Requirement } from './access.ts';

const conditions: Readonly<Record<Condition, string>> = {
  decrypt: 'with `decrypt`',
  encrypt: 'for a recoverable key',
  newNamespace: 'if the namespace does not exist',
  newPermission: 'if a permission does not exist',
  attachPermission: 'with `permissions`',
};

/** The access checks of an operation in Markdown, one line each. */
export function describeAccess(access: Access): string[] {
  return access === 'public' ? ['no root key'] : access.map(describeCheck);
}

function describeCheck(check: AccessCheck): string {
  const requirement = describeRequirement(check.requires);
  return check.when === undefined ? requirement : `${conditions[check.when]}: ${requirement}`;
}

function describeRequirement(requirement: Requirement): string {
  if (typeof requirement === 'string') return `\`${requirement}\``;
  if ('anyOf' in requirement) return requirement.anyOf.map(describePart).join(' or ');
  return requirement.allOf.map(describePart).join(' and ');
}

function describePart(requirement: Requirement): string {
  const text = describeRequirement(requirement);
  return partsOf(requirement).length > 1 ? `(${text})` : text;
}

function partsOf(requirement: Requirement): readonly Requirement[] {
  if (typeof requirement === 'string') return [requirement];
  return 'anyOf' in requirement ? requirement.anyOf : requirement.allOf;
}
