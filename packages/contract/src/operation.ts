import type { Static, TSchema } from 'typebox';
import type { Access } from './access.ts';
import type { AuditEvent } from './audit.ts';
import type { ErrorCode } from './errors.ts';
import type { Issue } from './validate.ts';

/**
 * How an operation touches the store.
 * `read`: one consistent snapshot. `write`: one transaction around locate, authorise, act and audit.
 * `spend`: the verify and limit paths, which decide and consume in one atomic step of their own.
 */
export type Mode = 'read' | 'write' | 'spend';

export interface Operation<
  Input extends TSchema | null = TSchema | null,
  Output extends TSchema | null = TSchema | null,
  M extends Mode = Mode,
> {
  /** `<shelf>.<name>`; also the path: `/v2/<id>`. */
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly mode: M;
  /** One line. */
  readonly summary: string;
  /** What it does, what it needs, what surprises. Markdown. */
  readonly description: string;
  /** Schema of the request's body; null: no body. */
  readonly input: Input;
  /** What the schema of the input cannot say: the places of a well-formed input that break it. */
  readonly inputRule?: (input: Input extends TSchema ? Static<Input> : null) => readonly Issue[];
  /** Schema of the answer's `data`; null: the answer has no `data`. */
  readonly output: Output;
  /** Lists answer with `pagination` beside `data`. */
  readonly isPaged: boolean;
  readonly access: Access;
  /** Refusals of its own, besides those that every operation shares. */
  readonly errors: readonly ErrorCode[];
  /** Events it may write to the audit log. */
  readonly audit: readonly AuditEvent[];
  /** Bodies and answers carry `credits`, which one published client calls `keyCredits`. */
  readonly hasCreditsAlias: boolean;
  readonly example: {
    readonly request: Input extends TSchema ? Static<Input> : null;
    readonly response: Output extends TSchema ? Static<Output> : null;
  };
}

/** Keeps the exact schema types of a declaration. */
export function operation<
  const Input extends TSchema | null,
  const Output extends TSchema | null,
  const M extends Mode,
>(declaration: Operation<Input, Output, M>): Operation<Input, Output, M> {
  return declaration;
}

export function pathOf(operation: { readonly id: string }): string {
  return `/v2/${operation.id}`;
}
