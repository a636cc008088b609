import { isIP, isIPv4 } from 'node:net';
import { type AllowList, isAllowed } from './ip-allow-list.ts';

/**
 * The address of the client. Starting at the peer, each trusted proxy is believed about its caller; the first address
 * that is not trusted is the client. An entry that is not an address stops the search at the proxy that wrote it,
 * because anyone may have written the entries to its left.
 */
export function clientIp(peer: string, forwardedFor: string | undefined, trusted: AllowList | null): string {
  let hop = plainAddress(peer);
  if (forwardedFor === undefined || trusted === null) return hop;
  const entries = forwardedFor.split(',');
  while (isAllowed(trusted, hop)) {
    const entry = takeLast(entries);
    if (entry === undefined) return hop;
    const address = withoutPort(entry);
    if (isIP(address) === 0) return hop;
    hop = plainAddress(address);
  }
  return hop;
}

function takeLast(entries: string[]): string | undefined {
  let entry = entries.pop()?.trim();
  while (entry === '') entry = entries.pop()?.trim();
  return entry;
}

function withoutPort(entry: string): string {
  const [, inBrackets, beforePort] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(entry) ?? [];
  return inBrackets ?? beforePort ?? entry;
}

// A socket that serves both families shows IPv4 peers as `::ffff:1.2.3.4`.
function plainAddress(address: string): string {
  if (!address.startsWith('::')) return address;
  const inside = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  return inside !== undefined && isIPv4(inside) ? inside : address;
}
