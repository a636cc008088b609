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

export type Idempotent = true | 'with key' | false;

/** Any operation, without the types of its schemas: those are in {@link Declaration}. */
export interface Operation {
  /** `<resource>.<name>`; also the path: `/v2/<id>`. */
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly mode: Mode;
  /** One line. */
  readonly summary: string;
  /** What it does, its requirements, its surprises. Markdown. */
  readonly description: string;
  /** Schema of the request body; null: no body. */
  readonly input: TSchema | null;
  /** The largest request body, in bytes. Default 1 MiB ({@link maxBodyBytesOf}). */
  readonly maxBodyBytes?: number;
  /** Rules that the schema of the input cannot express: the issues of an input that has passed the schema. */
  readonly inputRule?: (input: never) => readonly Issue[];
  /** Schema of the response's `data`; null: the response has no `data`. */
  readonly output: TSchema | null;
  /** Lists return `pagination` beside `data`. */
  readonly isPaged: boolean;
  readonly access: Access;
  /** Errors of its own, besides those that every operation shares. */
  readonly errors: readonly ErrorCode[];
  /** Events that it may write to the audit log. */
  readonly audit: readonly AuditEvent[];
  /** Requests and responses have `credits`, which one published client calls `keyCredits`. */
  readonly hasCreditsAlias: boolean;
  /**
   * Whether a client may send the request again when it does not know whether the first one was done.
   * `true`: the second time changes nothing more. `with key`: only with the same `Idempotency-Key`. `false`: never.
   */
  readonly idempotent: Idempotent;
  /**
   * A repeated `Idempotency-Key` gets the first response again. Declared exactly if `idempotent` is `with key`;
   * otherwise the header is ignored.
   * `durable`, for a `write`: the record is kept for a day, written in the transaction of the change itself.
   * `cached`, for a `spend`: the record is kept for a minute, beside the counters.
   */
  readonly idempotency?: 'durable' | 'cached';
  readonly example: { readonly request: unknown; readonly response: unknown };
  readonly types?: { readonly input: unknown; readonly output: unknown };
}

const mebibyte = 1024 * 1024;

/** For operations whose requests hold metadata or long lists: 10 MiB. */
export const largeBodyBytes = 10 * mebibyte;

/** The largest request body of an operation, in bytes. */
export function maxBodyBytesOf({ maxBodyBytes }: Pick<Operation, 'maxBodyBytes'>): number {
  return maxBodyBytes ?? mebibyte;
}

/** The type that a schema describes; null for none. */
export type ValueOf<Schema> = Schema extends TSchema ? Static<Schema> : null;

/** An operation with the types of its schemas. */
export interface Declaration<Input extends TSchema | null, Output extends TSchema | null, M extends Mode>
  extends Operation {
  readonly mode: M;
  /** Never set. Types of the schemas for the compiler, so that it does not infer them again. */
  readonly types?: { readonly input: ValueOf<Input>; readonly output: ValueOf<Output> };
  readonly input: Input;
  // Without NoInfer the compiler infers the types of all schemas, which takes seconds.
  readonly inputRule?: (input: NoInfer<ValueOf<Input>>) => readonly Issue[];
  readonly output: Output;
  readonly example: {
    readonly request: NoInfer<ValueOf<Input>>;
    readonly response: NoInfer<ValueOf<Output>>;
  };
}

/** Keeps the exact schema types of a declaration. */
export function operation<
  const Input extends TSchema | null,
  const Output extends TSchema | null,
  const M extends Mode,
>(declaration: Declaration<Input, Output, M>): Declaration<Input, Output, M> {
  return declaration;
}

export function pathOf(operation: { readonly id: string }): string {
  return `/v2/${operation.id}`;
}
