import { ConnectionUrlError, checkCredentials, hostsIn } from '../../base/connection-url.ts';

/** What the driver would not know, it would ignore: the connection would be without TLS. */
const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/** The URL of one PostgreSQL server, as it was given. Throws a `ConnectionUrlError`. */
export function parseDatabaseUrl(text: string): string {
  const url = text.trim();
  checkCredentials(url);
  // `postgres://user@/database?host=/socket` has no host, which only PostgreSQL accepts.
  const named = url.replace('@/', '@socket/');
  if (!/^postgres(ql)?:\/\//.test(url) || (hostsIn(url).length === 1 && !URL.canParse(named))) {
    throw new ConnectionUrlError('must be a URL, for example postgres://USER:PASSWORD@HOST:5432/DATABASE.');
  }
  const parameters = new URLSearchParams(/\?(.*)$/.exec(url)?.[1]);
  if (hostsIn(url).length > 1 || parameters.get('host')?.includes(',')) {
    throw new ConnectionUrlError('names several hosts; give one address that leads to the primary.');
  }
  const sslMode = parameters.get('sslmode');
  if (sslMode !== null && !sslModes.includes(sslMode)) {
    throw new ConnectionUrlError(`has an unknown sslmode; it must be one of ${sslModes.join(', ')}.`);
  }
  return url;
}
