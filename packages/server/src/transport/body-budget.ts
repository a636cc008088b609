export interface BodyBounds {
  /** All bodies together whose sender is not known, in bytes. Default 32 MiB. */
  readonly unknown?: number;
  /** All larger bodies together, whose sender is known, in bytes. Default 128 MiB. */
  readonly known?: number;
}

const mebibyte = 1024 * 1024;

/** The bytes of all bodies that a process holds. Those of unknown senders have a small share of their own. */
export class BodyBudget {
  readonly #left: { unknown: number; known: number };

  constructor({ unknown = 32 * mebibyte, known = 128 * mebibyte }: BodyBounds = {}) {
    this.#left = { unknown, known };
  }

  open(): BodyShare {
    return new BodyShare(this.#left);
  }
}

/** What one request holds of the budget. */
export class BodyShare {
  readonly #left: { unknown: number; known: number };
  #pool: 'unknown' | 'known' = 'unknown';
  #bytes = 0;

  constructor(left: { unknown: number; known: number }) {
    this.#left = left;
  }

  /** Whether the request may hold so many bytes. */
  resize(bytes: number): boolean {
    const more = bytes - this.#bytes;
    if (more > this.#left[this.#pool]) return false;
    this.#left[this.#pool] -= more;
    this.#bytes = bytes;
    return true;
  }

  /** The sender is known: the bytes count in the larger pool. */
  admit(): boolean {
    const bytes = this.#bytes;
    this.release();
    this.#pool = 'known';
    return this.resize(bytes);
  }

  release(): void {
    this.#left[this.#pool] += this.#bytes;
    this.#bytes = 0;
  }
}
