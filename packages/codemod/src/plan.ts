import type * as t from '@babel/types';
import { type Edit, lineOf, type SourceFile } from './syntax.ts';

/** Something that a reader should know about a place of a file. */
export interface Remark {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** What a move does with a file. */
export class Plan {
  readonly edits: Edit[] = [];
  /** Why the file cannot be moved in this way. */
  readonly obstacles: Remark[] = [];
  /** What is different after the move. */
  readonly notes: Remark[] = [];
  readonly #file: SourceFile;

  constructor(file: SourceFile) {
    this.#file = file;
  }

  obstacle(node: t.Node, text: string): void {
    this.obstacles.push(this.#remark(node, text));
  }

  note(node: t.Node, text: string): void {
    this.notes.push(this.#remark(node, text));
  }

  #remark(node: t.Node, text: string): Remark {
    return { path: this.#file.path, line: lineOf(this.#file, node), text };
  }
}
