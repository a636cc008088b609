import Type from 'typebox';
import { idAlphabet, slugAlphabet } from './pattern.ts';

export const permissionSlug = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: slugAlphabet.pattern,
  description: 'Slug of a permission, for example `documents.read`. `*` is a character like any other.',
});

/** Names a permission: its id or its slug. */
export const permissionReference = Type.String({
  minLength: 1,
  maxLength: 128,
  pattern: slugAlphabet.pattern,
  description: 'Which permission: its id, `perm_…`, or its slug.',
});

export const permissionId = Type.String({
  minLength: 3,
  maxLength: 255,
  pattern: idAlphabet.pattern,
  description: 'Id of the permission, `perm_…`.',
});

/** A permission that keys and roles can hold. */
export const permission = Type.Object(
  {
    id: permissionId,
    name: Type.String({ minLength: 1, maxLength: 512, description: 'Name of the permission, for people.' }),
    slug: Type.String({
      minLength: 1,
      maxLength: 512,
      pattern: slugAlphabet.pattern,
      description: 'The text that verifications ask for.',
    }),
    description: Type.Optional(
      Type.String({ maxLength: 512, description: 'What holding it allows. Absent when there is none.' }),
    ),
  },
  { title: 'Permission', description: 'A permission that keys and roles can hold.' },
);
