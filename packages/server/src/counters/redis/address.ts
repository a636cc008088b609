/** Where a Redis or Valkey server listens, and as whom to talk to it. Holds a secret: the password. */
export interface RedisAddress {
  /** A host and port, or the path of a unix socket. */
  readonly place: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly isEncrypted: boolean;
}

/** What is wrong with an address, to follow its setting's name. Nothing of the address is in it. */
export class RedisAddressError extends Error {
  override readonly name = 'RedisAddressError';
}

const isEncryptedBy: ReadonlyMap<string, boolean> = new Map([
  ['redis:', false],
  ['valkey:', false],
  ['rediss:', true],
  ['valkeys:', true],
]);

/** One address, or several nodes of a cluster with commas between them. */
export function parseRedisAddresses(text: string): readonly RedisAddress[] {
  const addresses = text.split(',').map((part) => parseRedisAddress(part.trim()));
  if (addresses.length === 1) return addresses;
  if (addresses.some(({ place, database }) => 'path' in place || database !== 0)) {
    throw new RedisAddressError(
      'names several nodes of a cluster: each needs a host, and the database is 0.',
    );
  }
  return addresses;
}

function parseRedisAddress(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'unix:') return parseSocket(url);
  const isEncrypted = isEncryptedBy.get(url?.protocol ?? '');
  const database = /^\/?(\d{0,5})$/.exec(url?.pathname ?? '')?.[1];
  if (url === null || isEncrypted === undefined || url.hostname === '' || database === undefined) {
    throw new RedisAddressError(
      'must be redis://, rediss:// (TLS) or unix://, as in redis://user:password@host:6379/0 or unix:///run/redis.sock.',
    );
  }
  if (url.search !== '' || url.hash !== '') {
    throw new RedisAddressError('must have no part behind ? or #; encode these signs in a password.');
  }
  return {
    place: { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6379) },
    username: decoded(url.username),
    password: decoded(url.password),
    database: Number(database),
    isEncrypted,
  };
}

function parseSocket({ hostname, pathname }: URL): RedisAddress {
  if (hostname !== '' || pathname.length < 2) {
    throw new RedisAddressError(
      'must have three slashes before the path of a socket: unix:///run/redis.sock.',
    );
  }
  const place = { path: decodeURIComponent(pathname) };
  return { place, username: undefined, password: undefined, database: 0, isEncrypted: false };
}

function decoded(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new RedisAddressError('has a name or password with a % that encodes nothing; write it as %25.');
  }
}
