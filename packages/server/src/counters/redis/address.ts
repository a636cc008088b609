import { readFileSync } from 'node:fs';
import { ConnectionUrlError, checkCredentials, hostsIn } from '../../base/connection-url.ts';
import { errorCode } from '../../base/error-code.ts';

/** Address and credentials of a Redis or Valkey server. Contains a secret: the password. */
export interface RedisAddress {
  /** A host and port, or the path of a unix socket. */
  readonly place: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** Null: the connection is not encrypted. */
  readonly tls: RedisTls | null;
}

export interface RedisTls {
  /** Whether the certificate and the host name are checked. */
  readonly isVerified: boolean;
  /** Certificates of a private certificate authority, as PEM. */
  readonly rootCertificates: string | undefined;
}

const isEncryptedBy: ReadonlyMap<string, boolean> = new Map([
  ['redis:', false],
  ['valkey:', false],
  ['rediss:', true],
  ['valkeys:', true],
]);

/** One address, or several nodes of a cluster separated by commas. Throws a `ConnectionUrlError`. */
export function parseRedisAddresses(text: string): readonly RedisAddress[] {
  // A comma in a password is not followed by a URL.
  const addresses = text.split(/,(?=\s*[a-z]+:\/\/)/).map((part) => parseRedisAddress(part.trim()));
  if (addresses.length === 1) return addresses;
  if (addresses.some(({ place, database }) => 'path' in place || database !== 0)) {
    throw new ConnectionUrlError('names several nodes of a cluster: each must have a host, and database 0.');
  }
  return addresses;
}

function parseRedisAddress(text: string): RedisAddress {
  checkCredentials(text);
  if (hostsIn(text).length > 1) {
    throw new ConnectionUrlError(
      'names several hosts in one URL; give each node of a cluster a URL of its own.',
    );
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'unix:') return parseSocket(url);
  const isEncrypted = isEncryptedBy.get(url?.protocol ?? '');
  const database = /^\/?(\d{0,5})$/.exec(url?.pathname ?? '')?.[1];
  if (url === null || isEncrypted === undefined || url.hostname === '' || database === undefined) {
    throw new ConnectionUrlError(
      'must be redis://, rediss:// (TLS) or unix://, as in redis://user:password@host:6379/0 or unix:///run/redis.sock.',
    );
  }
  if (url.hash !== '') throw new ConnectionUrlError('must have no part after #; percent-encode it as %23.');
  return {
    place: { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6379) },
    username: decoded(url.username),
    password: decoded(url.password),
    database: Number(database),
    tls: parseTls(url.searchParams, isEncrypted),
  };
}

function parseTls(parameters: URLSearchParams, isEncrypted: boolean): RedisTls | null {
  const { sslmode = 'verify-full', sslrootcert, ...others } = Object.fromEntries(parameters);
  if (Object.keys(others).length > 0) {
    throw new ConnectionUrlError('may have the parameters sslmode and sslrootcert only.');
  }
  if (!isEncrypted) {
    if (parameters.size > 0) throw new ConnectionUrlError('needs rediss:// for sslmode and sslrootcert.');
    return null;
  }
  if (sslmode !== 'verify-full' && sslmode !== 'no-verify') {
    throw new ConnectionUrlError('must have the sslmode verify-full (default) or no-verify.');
  }
  return {
    isVerified: sslmode === 'verify-full',
    rootCertificates: sslrootcert === undefined ? undefined : readCertificates(sslrootcert),
  };
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConnectionUrlError(
      `names the sslrootcert ${path}, which cannot be read (${errorCode(error)}).`,
    );
  }
}

function parseSocket({ hostname, pathname }: URL): RedisAddress {
  if (hostname !== '' || pathname.length < 2) {
    throw new ConnectionUrlError(
      'must have three slashes before the path of a socket: unix:///run/redis.sock.',
    );
  }
  const place = { path: decodeURIComponent(pathname) };
  return { place, username: undefined, password: undefined, database: 0, tls: null };
}

function decoded(part: string): string | undefined {
  return part === '' ? undefined : decodeURIComponent(part);
}
