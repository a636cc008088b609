/** Why a URL does not say what its author meant; completes a sentence that begins with its name. It contains nothing of it. */
export class ConnectionUrlError extends Error {
  override readonly name = 'ConnectionUrlError';
}

/** Throws if a raw delimiter in the user or password cuts the URL there, or if a `%` in them encodes nothing. */
export function checkCredentials(url: string): void {
  if (isCutInPassword(url)) {
    throw new ConnectionUrlError(
      'has a ?, # or / in its password: percent-encode it (? is %3F, # is %23, / is %2F).',
    );
  }
  const [, credentials = ''] = /^[a-z]+:\/\/([^/?#]*)@/.exec(url) ?? [];
  if (decoded(credentials) === null) {
    throw new ConnectionUrlError(
      'has a user or password with a % that encodes nothing; write the % itself as %25.',
    );
  }
}

/** The hosts of a URL, or of a list that is not valid as a URL. */
export function hostsIn(url: string): readonly string[] {
  const [, authority = ''] = /^[a-z]+:\/\/([^/?#]*)/.exec(url) ?? [];
  return authority.slice(authority.lastIndexOf('@') + 1).split(',');
}

function isCutInPassword(url: string): boolean {
  const [, authority = '', path = '', rest = ''] = /^[a-z]+:\/\/([^/?#]*)([^?#]*)(.*)$/s.exec(url) ?? [];
  if (authority === '') return false;
  if (path.includes('@') || /^#.*@|^\?[^=]*@/s.test(rest)) return true;
  const isHost = /^(\[.*\]|[^:]*)(:\d*)?$/.test(authority);
  return !authority.includes('@') && !isHost && rest.includes('@');
}

function decoded(encoded: string): string | null {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}
