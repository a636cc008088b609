import Type from 'typebox';
import { idAlphabet, slugAlphabet } from './pattern.ts';

export const permissionSlug = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: slugAlphabet.pattern,
  description: 'Slug of a permission, for example `documents.read`. `*` has no special meaning.',
});

/** Reference to a permission: its id or its slug. */
export const permissionReference = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: slugAlphabet.pattern,
  description: 'Id of the permission, `perm_…`, or its slug.',
});

export const permissionId = Type.String({
  minLength: 3,
  maxLength: 255,
  pattern: idAlphabet.pattern,
  description: 'Id of the permission, `perm_…`.',
});

/** A permission that keys and roles can have. */
export const permission = Type.Object(
  {
    id: permissionId,
    name: Type.String({ minLength: 1, maxLength: 512, description: 'Display name of the permission.' }),
    slug: Type.String({
      minLength: 1,
      maxLength: 512,
      pattern: slugAlphabet.pattern,
      description: 'Identifier that verifications ask for.',
    }),
    description: Type.Optional(
      Type.String({ maxLength: 512, description: 'What the permission allows. Absent: none.' }),
    ),
  },
  { title: 'Permission', description: 'A permission that keys and roles can have.' },
);
