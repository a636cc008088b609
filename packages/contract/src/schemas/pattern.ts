interface Alphabet {
  readonly pattern: string;
  /** Completes "may contain only …". */
  readonly allowed: string;
}

export const idAlphabet = {
  pattern: '^[a-zA-Z0-9_]+$',
  allowed: 'letters a–z and A–Z, digits and `_`',
} as const satisfies Alphabet;

export const resourceIdAlphabet = {
  pattern: '^[a-zA-Z0-9_-]+$',
  allowed: 'letters a–z and A–Z, digits, `_` and `-`',
} as const satisfies Alphabet;

export const externalIdAlphabet = {
  pattern: '^[a-zA-Z0-9_.-]+$',
  allowed: 'letters a–z and A–Z, digits, `_`, `.` and `-`',
} as const satisfies Alphabet;

export const slugAlphabet = {
  pattern: '^[a-zA-Z0-9_:\\-\\.\\*]+$',
  allowed: 'letters a–z and A–Z, digits, `_`, `:`, `-`, `.` and `*`',
} as const satisfies Alphabet;

/** The alphabets of requests, so that a message can describe a pattern in words. */
export const alphabets: readonly Alphabet[] = [
  idAlphabet,
  resourceIdAlphabet,
  externalIdAlphabet,
  slugAlphabet,
];
