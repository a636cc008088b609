/**
 * Texts that are sent one after the other, and from the start again: as they are, or one with a number in it that goes
 * up from `first`, `count` of them.
 */
export type Bodies = readonly string[] | NumberedBodies;

export interface NumberedBodies {
  readonly before: string;
  readonly after: string;
  /** The number is written with so many digits. */
  readonly digits: number;
  readonly numbered: { readonly first: number; readonly count: number };
}

export function bodyAt(bodies: Bodies, index: number): string {
  if (!('numbered' in bodies)) return bodies[index % bodies.length] ?? '';
  const { first, count } = bodies.numbered;
  const number = String(first + (index % count)).padStart(bodies.digits, '0');
  return bodies.before + number + bodies.after;
}
