/** What a program is run with. */
export interface World {
  readonly serverURL: string;
  readonly rootKey: string;
  /** Accepts requests and never responds. */
  readonly silentURL: string;
  /** A root key with no permission. */
  readonly weakRootKey: string;
}

/** A program for the published packages. Returns what it has seen, without random values. */
export type Program = (world: World) => Promise<unknown[]>;
