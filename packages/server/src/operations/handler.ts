import type { Condition, Operation } from '@unkey-ts/contract';
import type { MaybePromise } from '../base/maybe-promise.ts';
import type { Scope } from '../domain/permissions/grants.ts';
import type { Context, ReadContext, WriteContext } from './context.ts';
import type { Refusal } from './refusal.ts';

interface Contexts {
  read: ReadContext;
  write: WriteContext;
  spend: Context;
}

/** What a permission is about. `scope` fills the places of the declared requirements. */
export interface Located {
  /** Several: the caller must be permitted for each. */
  readonly scope?: Scope | readonly Scope[];
  /** The conditions that hold: access checks with `when` apply only under theirs. */
  readonly conditions?: readonly Condition[];
}

export interface OperationResult<Data> {
  readonly data?: Data;
  readonly pagination?: { readonly hasMore: boolean; readonly cursor?: string };
  /** For metrics; the status when absent. */
  readonly outcome?: string;
}

/** `locate` found nothing that the caller may know of: the pipeline responds with the operation's `maskedResult`. */
export const masked = Symbol('masked');

/** How an operation is done, as the pipeline runs it: only the operation itself knows its input and its context. */
export interface Handler<Op extends Operation = Operation> {
  readonly operation: Op;
  /** Finds what the permission is about. */
  locate(context: never, input: never): MaybePromise<Located | Refusal | typeof masked>;
  /** Reached only after the pipeline has authorised what `locate` found. */
  act(context: never, input: never, found: never): MaybePromise<OperationResult<unknown> | Refusal>;
  /** The result of operations whose access check has `maskAs: 'result'`. */
  maskedResult?(): OperationResult<unknown>;
  /** Whether a cached response may still be sent for a repeated `Idempotency-Key`. Default: yes. */
  mayReplay?(context: never, input: never): MaybePromise<boolean>;
}

type Types<Op extends Operation> = NonNullable<Op['types']>;

interface Steps<Op extends Operation, Found extends Located> {
  locate(
    context: Contexts[Op['mode']],
    input: Types<Op>['input'],
  ): MaybePromise<Found | Refusal | typeof masked>;
  act(
    context: Contexts[Op['mode']],
    input: Types<Op>['input'],
    found: Found,
  ): MaybePromise<OperationResult<Types<Op>['output']> | Refusal>;
  maskedResult?(): OperationResult<Types<Op>['output']>;
  mayReplay?(context: Contexts[Op['mode']], input: Types<Op>['input']): MaybePromise<boolean>;
}

/** Ties the steps to their operation, so that input, output and context have their types. */
export function handlerOf<Op extends Operation, Found extends Located>(
  operation: Op,
  steps: Steps<Op, Found>,
): Handler<Op> {
  return { operation, ...steps };
}

/** For operations whose permission is not about one thing. */
export function locateNothing(): Located {
  return {};
}
