/**
 * Request bodies, sent in rotation: fixed texts, or `count` texts made from a template by counting up from `first`.
 */
export type Bodies = readonly string[] | NumberedBodies;

export interface NumberedBodies {
  readonly before: string;
  readonly after: string;
  /** The number is padded to this many digits. */
  readonly digits: number;
  readonly numbered: { readonly first: number; readonly count: number };
}

export function bodyAt(bodies: Bodies, index: number): string {
  if (!('numbered' in bodies)) return bodies[index % bodies.length] ?? '';
  const { first, count } = bodies.numbered;
  const number = String(first + (index % count)).padStart(bodies.digits, '0');
  return bodies.before + number + bodies.after;
}
