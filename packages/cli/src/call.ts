import { type Operation, type OperationId, operationIds, operations } from '@unkey-ts/contract';
import { type ApiResponse, callOperation } from './call-operation.ts';
import type { Command, Invocation, Output } from './command.ts';
import { CommandError, UsageError } from './command-errors.ts';
import { flagsOfMembers, membersOf, readMembers } from './input-flags.ts';

const defaultUrl = 'http://127.0.0.1:7070';

/** A command for every operation of the API. */
export const operationCommands: readonly Command[] = operationIds.map(commandOf);

function commandOf(id: OperationId): Command {
  const operation: Operation = operations[id];
  const [resource = id, name] = id.split('.');
  return {
    group: name === undefined ? null : resource,
    name: name ?? resource,
    summary: `${operation.summary}.`,
    details: operation.description,
    arguments: [],
    flags: {
      ...flagsOfMembers(operation.input),
      ...(operation.input !== null && {
        body: {
          kind: 'text',
          value: 'JSON|-',
          description:
            'The request as JSON; - reads it from standard input. Other flags override its members.',
        } as const,
      }),
      url: {
        kind: 'text',
        value: 'URL',
        description: `The service. Default: UNKEY_URL, then ${defaultUrl}.`,
      },
      ...(operation.access !== 'public' && {
        'root-key': { kind: 'text', value: 'KEY', description: 'Default: UNKEY_ROOT_KEY.' } as const,
      }),
    },
    run: (invocation) => call(operation, invocation),
  };
}

async function call(operation: Operation, invocation: Invocation): Promise<Output> {
  const { args, env } = invocation;
  const response = await callOperation(operation, {
    url: args.text('url') || env.UNKEY_URL || defaultUrl,
    rootKey: operation.access === 'public' ? null : rootKeyOf(invocation),
    body: operation.input === null ? null : await bodyOf(operation, invocation),
  });
  if (response.error !== null) throw new CommandError(describeError(response.error));
  return { json: response.body, text: JSON.stringify(response.body, null, 2) };
}

function rootKeyOf({ args, env }: Invocation): string {
  const rootKey = args.text('root-key') || env.UNKEY_ROOT_KEY;
  if (rootKey) return rootKey;
  throw new UsageError('A root key is required: set UNKEY_ROOT_KEY or --root-key.');
}

async function bodyOf(operation: Operation, invocation: Invocation): Promise<unknown> {
  const members = readMembers(membersOf(operation.input), invocation.args);
  const text = invocation.args.text('body');
  if (text === undefined) return members;
  const body = parseBody(text === '-' ? await invocation.readInput() : text);
  if (Object.keys(members).length === 0) return body;
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body, ...members };
  throw new UsageError('--body must be a JSON object when other flags set members of it.');
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError('--body is not valid JSON.');
  }
}

function describeError({
  status,
  title,
  detail,
  errors,
  requestId,
}: NonNullable<ApiResponse['error']>): string {
  return [
    `${title} (${status}): ${detail}`,
    ...errors.map(({ location, message, fix }) => `  ${location} ${message}${fix ? ` ${fix}` : ''}`),
    `  request ${requestId}`,
  ].join('\n');
}
