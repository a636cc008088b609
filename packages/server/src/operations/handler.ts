import type { Need, Operation } from '@unkey-ts/contract';
import type { Static, TSchema } from 'typebox';
import type { Scope } from '../domain/permissions/grants.ts';
import type { MaybePromise } from '../storage/port/storage.ts';
import type { Context, ReadContext, WriteContext } from './context.ts';
import type { Refusal } from './refusal.ts';

export type InputOf<Op extends Operation> = Op['input'] extends TSchema ? Static<Op['input']> : null;
export type OutputOf<Op extends Operation> = Op['output'] extends TSchema ? Static<Op['output']> : undefined;

type ContextOf<Op extends Operation> = Op['mode'] extends 'write'
  ? WriteContext
  : Op['mode'] extends 'read'
    ? ReadContext
    : Context;

/** What a permission is about. `scope` fills the places of the declared requirements. */
export interface Located {
  /** Several: the caller must be permitted for each. */
  readonly scope?: Scope | readonly Scope[];
  /** The circumstances that make further checks apply. */
  readonly needs?: readonly Need[];
}

export interface Answer<Data> {
  readonly data?: Data;
  readonly pagination?: { readonly hasMore: boolean; readonly cursor?: string };
  /** For metrics; the status when absent. */
  readonly outcome?: string;
}

/** Located nothing that the caller may know of: the operation gives its concealing answer. */
export const concealed = Symbol('concealed');

/**
 * How an operation is done. `act` is reached only after the pipeline has authorised what `locate` found; `conceal` is
 * the answer of operations whose access is hidden as an answer.
 */
export interface Handler<Op extends Operation, Found extends Located = Located> {
  locate(context: ContextOf<Op>, input: InputOf<Op>): MaybePromise<Found | Refusal | typeof concealed>;
  act(context: ContextOf<Op>, input: InputOf<Op>, found: Found): MaybePromise<Answer<OutputOf<Op>> | Refusal>;
  conceal?(): Answer<OutputOf<Op>>;
}

/** Ties a handler to its operation, so that input, output and context have their types. */
export function handlerOf<Op extends Operation, Found extends Located>(
  _operation: Op,
  handler: Handler<Op, Found>,
): Handler<Op, Found> {
  return handler;
}

/** For operations whose permission is not about one thing. */
export function locateNothing(): Located {
  return {};
}
