const comma = 44;
const quote = 34;
const backslash = 92;
const space = 32;
const tilde = 126;
const zero = 48;

/**
 * JSON written byte by byte into one buffer that is used again and again. Joining strings makes an object for every part,
 * and those of a whole batch would live until it is full: that cost as much again as all the rest.
 */
export class JsonBytes {
  #bytes = Buffer.allocUnsafe(65_536);
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  /** A part of JSON, in ASCII. */
  raw(text: string): void {
    this.#makeRoomFor(text.length);
    for (let index = 0; index < text.length; index++) this.#bytes[this.#length++] = text.charCodeAt(index);
  }

  comma(): void {
    this.#makeRoomFor(1);
    this.#bytes[this.#length++] = comma;
  }

  /** Any text, in quotes. */
  string(text: string): void {
    // In JSON a unit may become \uXXXX.
    this.#makeRoomFor(6 * text.length + 2);
    const start = this.#length;
    this.#bytes[this.#length++] = quote;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit < space || unit > tilde || unit === quote || unit === backslash) {
        this.#length = start + this.#bytes.write(JSON.stringify(text), start);
        return;
      }
      this.#bytes[this.#length++] = unit;
    }
    this.#bytes[this.#length++] = quote;
  }

  stringOrNull(text: string | null): void {
    if (text === null) this.raw('null');
    else this.string(text);
  }

  number(value: number): void {
    // Most are small; String() makes a string of each.
    if (Number.isInteger(value) && value >= 0 && value < 100_000) this.#digits(value);
    else this.raw(String(value));
  }

  #digits(value: number): void {
    this.#makeRoomFor(5);
    const end = this.#length + digitsOf(value);
    let rest = value;
    for (let at = end - 1; at >= this.#length; at--) {
      const tens = Math.floor(rest / 10);
      this.#bytes[at] = zero + rest - 10 * tens;
      rest = tens;
    }
    this.#length = end;
  }

  /** All of it; what is written next begins anew. */
  take(): string {
    const text = this.#bytes.toString('utf8', 0, this.#length);
    this.#length = 0;
    return text;
  }

  #makeRoomFor(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

function digitsOf(value: number): number {
  if (value < 100) return value < 10 ? 1 : 2;
  if (value < 1000) return 3;
  return value < 10_000 ? 4 : 5;
}
