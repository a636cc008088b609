import { errorType, operations } from '@unkey-ts/contract';
import type { Body } from './bodies.ts';
import { model, type SimulatedId } from './model/model.ts';
import { type Expected, newState, type State } from './model/state.ts';
import { moveTo } from './model/time.ts';
import { verifyKey } from './model/verify.ts';
import { type Move, nextMove, workspaceCount } from './moves.ts';
import { Placeholders } from './placeholders.ts';
import { randomOf } from './random.ts';
import type { Reply, Subject } from './subject.ts';
import { themes } from './themes.ts';

/** Dates before an edge of the calendar: ends of months of every length, a leap day. */
const starts = [
  Date.UTC(2027, 11, 31, 23, 50),
  Date.UTC(2028, 1, 27, 6, 0, 0, 1),
  Date.UTC(2027, 3, 29, 12),
  Date.UTC(2026, 10, 15),
];

interface Run {
  readonly state: State;
  readonly placeholders: Placeholders;
  readonly subject: Subject;
}

/** Runs the steps of a seed against the model and the service, in new workspaces. Throws with all steps up to the first difference. */
export async function simulate(
  subject: Subject,
  { seed, steps }: { seed: number; steps: number },
): Promise<void> {
  const random = randomOf(seed);
  const theme = random.pick(themes);
  const state = newState(random.pick(starts));
  const placeholders = new Placeholders();
  const log: string[] = [];
  subject.setTime(state.now);
  await subject.newWorkspaces(workspaceCount);
  for (let step = 1; step <= steps; step++) {
    const move = nextMove(theme, random, state, (name) => placeholders.isKnown(name));
    log.push(`${step}. ${new Date(state.now).toISOString()} ${JSON.stringify(move)}`);
    const difference = await runMove({ state, placeholders, subject }, move);
    if (difference !== null) throw new Error(report({ seed, steps, log, difference }));
  }
}

function report(failure: { seed: number; steps: number; log: string[]; difference: string }): string {
  const { seed, steps, log, difference } = failure;
  return [
    `The service and the model differ after ${log.length} of ${steps} steps: ${difference}`,
    `Again: SIMULATION_SEED=${seed} SIMULATION_SEEDS=1 SIMULATION_STEPS=${steps} npm test simulation`,
    ...log,
  ].join('\n');
}

async function runMove(run: Run, move: Move): Promise<string | null> {
  const { state, subject } = run;
  switch (move.kind) {
    case 'call':
      return runCall(run, move);
    case 'repeat':
      return runRepeat(run, move);
    case 'burst':
      return runBurst(run, move);
    case 'clock':
      moveTo(state, move.to);
      subject.setTime(move.to);
      return null;
    case 'sweep':
      await subject.sweepRefills();
      return null;
    case 'restart':
      // Counters may live in the process; everything else is stored.
      if (!(await subject.restart())) state.charges = [];
      return null;
    case 'namespace': {
      const { workspace, name, isDeleted } = move;
      await subject.setNamespaceDeleted(workspace, name, isDeleted ? state.now : null);
      const namespace = state.namespaces.find((one) => one.workspace === workspace && one.name === name);
      if (namespace !== undefined) namespace.isDeleted = isDeleted;
      return null;
    }
  }
}

async function runCall(run: Run, move: Move & { kind: 'call' }): Promise<string | null> {
  const { state, placeholders, subject } = run;
  const { workspace, operation, isBroken } = move;
  const reply = await callAll(subject, move, placeholders.resolve(move.body));
  if (typeof reply === 'string') return reply;
  const expected: Expected = isBroken
    ? { status: 400, error: 'unkey/application/invalid_input' }
    : apply(state, workspace, operation, move.body);
  return differ(placeholders, expected, reply);
}

/** The operation runs once: all responses are the same. A refusal is not recorded, so a repetition is refused again. */
async function runRepeat(run: Run, move: Move & { kind: 'repeat' }): Promise<string | null> {
  const { state, placeholders, subject } = run;
  const { workspace, operation, body, times } = move;
  const [first, ...others] = await subject.repeat(workspace, operation, placeholders.resolve(body), times);
  if (first === undefined) throw new Error('A repeated call had no response.');
  const answer = responseText(first);
  const other = others.find((reply) => responseText(reply) !== answer);
  if (other !== undefined) return `one answer is ${answer}, and another ${responseText(other)}`;
  return differ(placeholders, apply(state, workspace, operation, body), first);
}

function responseText({ status, body }: Reply): string {
  return JSON.stringify(status === 200 ? body : body.error);
}

function apply(state: State, workspace: number, operation: SimulatedId, body: Body): Expected {
  // `BodyMaker` makes each body for its own operation; TypeScript cannot see that through the table.
  return model[operation](state, workspace, structuredClone(body) as never);
}

function differ(placeholders: Placeholders, expected: Expected, { status, body }: Reply): string | null {
  if (!('error' in expected)) {
    if (status !== 200) return `the status is ${status} instead of 200: ${JSON.stringify(body.error)}`;
    return placeholders.differ(expected.data, body.data);
  }
  const type = errorType(expected.error as Parameters<typeof errorType>[0]);
  if (status === expected.status && body.error?.type === type && body.error.status === status) return null;
  return `the response is ${status} ${JSON.stringify(body)} instead of ${expected.status} ${type}`;
}

/** Reads all pages of a list; returns a string if a page is wrong. */
async function callAll(
  subject: Subject,
  { workspace, operation }: Move & { kind: 'call' },
  body: unknown,
): Promise<Reply | string> {
  const first = await subject.call(workspace, operation, body);
  if (!operations[operation].isPaged || first.status !== 200) return first;
  const rows = [first.body.data].flat();
  let { body: page } = first;
  while (page.pagination?.hasMore) {
    const { cursor } = page.pagination;
    if (!cursor) return 'hasMore is true, but there is no cursor';
    page = (await subject.call(workspace, operation, { ...Object(body), cursor })).body;
    if (!Array.isArray(page.data) || page.data.length === 0)
      return 'hasMore was true, but the next page is empty';
    rows.push(...page.data);
  }
  if (page.pagination?.cursor !== undefined) return 'the last page has a cursor';
  return { status: 200, body: { data: rows } };
}

/** The same verification several times at once: in any order, the verdicts together are those of the model. */
async function runBurst(run: Run, move: Move & { kind: 'burst' }): Promise<string | null> {
  const { state, placeholders, subject } = run;
  const { workspace, body, times } = move;
  const calls = Array.from({ length: times }, () =>
    subject.call(workspace, 'keys.verifyKey', placeholders.resolve(body)),
  );
  const actual = (await Promise.all(calls)).map((reply) => codeOf(reply.status, reply.body.data));
  const expected = Array.from({ length: times }, () => {
    const outcome = verifyKey(state, workspace, structuredClone(body) as never);
    return codeOf(outcome.status, 'data' in outcome ? outcome.data : undefined);
  });
  const [left, right] = [actual.sort().join(' '), expected.sort().join(' ')];
  return left === right ? null : `the verdicts are ${left} instead of ${right}`;
}

function codeOf(status: number, data: unknown): string {
  return `${status} ${Object(data).code ?? ''}`;
}
