import type { Condition, Operation } from '@unkey-ts/contract';
import type { MaybePromise } from '../base/maybe-promise.ts';
import type { Scope } from '../domain/permissions/grants.ts';
import type { SpendServices } from '../services.ts';
import type { Context, ReadContext, WriteContext } from './context.ts';
import type { Refusal } from './refusal.ts';

interface Contexts {
  read: ReadContext;
  write: WriteContext;
  spend: Context;
}

/** The resource of a permission check. `scope` fills the placeholders of the declared requirements. */
export interface Located {
  /** With several scopes the caller needs the permission for each one. */
  readonly scope?: Scope | readonly Scope[];
  /** The conditions that hold: an access check with `when` applies only under its condition. */
  readonly conditions?: readonly Condition[];
}

export interface OperationResult<Data> {
  readonly data?: Data;
  readonly pagination?: { readonly hasMore: boolean; readonly cursor?: string };
  /** Outcome for metrics. Default: the HTTP status. */
  readonly outcome?: string;
}

/** `locate` found nothing that is visible to the caller: the pipeline responds with the operation's `maskedResult`. */
export const masked = Symbol('masked');

/** An operation as the pipeline runs it; only the operation itself knows the types of its input and context. */
export interface Handler<Op extends Operation = Operation> {
  readonly operation: Op;
  /** Finds the resource of the permission check. */
  locate(context: never, input: never): MaybePromise<Located | Refusal | typeof masked>;
  /** Runs only after the pipeline has authorised what `locate` found. */
  act(context: never, input: never, found: never): MaybePromise<OperationResult<unknown> | Refusal>;
  /** The result of operations whose access check has `maskAs: 'result'`. */
  maskedResult?(): OperationResult<unknown>;
  /** Whether the request is about a key that the workspace does not have. Such requests have a limit of their own. */
  isUnknown?(services: SpendServices, workspaceId: string, input: never): MaybePromise<boolean>;
  /** How a cached idempotency record holds the result. Default: all of it, and it is sent again as it was. */
  readonly record?: {
    /** The part that a repetition cannot find out again. */
    keep(data: never): unknown;
    /** The result from the part that was kept. Null: it may not be sent again, and performing anew spends nothing. */
    restore(context: never, input: never, kept: never): MaybePromise<unknown>;
  };
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
  isUnknown?(services: SpendServices, workspaceId: string, input: Types<Op>['input']): MaybePromise<boolean>;
  readonly record?: RecordSteps<Op>;
}

interface RecordSteps<Op extends Operation> {
  keep(data: Types<Op>['output']): Types<Op>['output'];
  restore(
    context: Contexts[Op['mode']],
    input: Types<Op>['input'],
    kept: Types<Op>['output'],
  ): MaybePromise<Types<Op>['output'] | null>;
}

/** Types the steps by their operation: input, output and context. */
export function handlerOf<Op extends Operation, Found extends Located>(
  operation: Op,
  steps: Steps<Op, Found>,
): Handler<Op> {
  return { operation, ...steps };
}

/** For operations whose permission does not concern one resource. */
export function locateNothing(): Located {
  return {};
}
