const pattern = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\w.:%~-]+\])(?::\d*)?$/;

/** Whether a Host header has a host and perhaps a port, or is empty. Others must be refused (RFC 9112, section 3.2). */
export function isHost(value: string): boolean {
  return pattern.test(value);
}
