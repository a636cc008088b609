/** How a migration's algorithm writes a digest. The key names are those of `MigrationAlgorithm`. */
const forms = { sha256: 'base64', 'github.com/seamapi/prefixed-api-key': 'hex' } as const;

/**
 * The SHA-256 in the form in which keys of the migration are looked up; null when the text is none. Hex in either case,
 * and base64 and base64url with or without padding, can only be read in one way.
 */
export function migratedHash(algorithm: keyof typeof forms, text: string): string | null {
  const digest = digestOf(text.trim());
  return digest === null ? null : digest.toString(forms[algorithm]);
}

function digestOf(text: string): Buffer | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  const unpadded = text.replace(/^(.{43})=$/, '$1');
  for (const encoding of ['base64', 'base64url'] as const) {
    const digest = Buffer.from(unpadded, encoding);
    // Node's decoder skips what it does not know: only what it writes again is what was sent.
    if (digest.length === 32 && digest.toString(encoding).replace('=', '') === unpadded) return digest;
  }
  return null;
}
