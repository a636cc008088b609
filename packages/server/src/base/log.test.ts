import { expect, test } from 'vitest';
import { createLog, errorFields, type LogLevel } from './log.ts';

function capture(level: LogLevel = 'info') {
  const lines: string[] = [];
  const log = createLog({ level, destination: { write: (line: string) => void lines.push(line) } });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('a line is one JSON object with level, time and message', () => {
  const { log, parsed } = capture();
  log.info({ requestId: 'req_1' }, 'listening');
  expect(parsed()).toEqual([
    { level: 'info', time: expect.any(Number), requestId: 'req_1', msg: 'listening' },
  ]);
});

test('lines below the level are not written', () => {
  const { log, lines } = capture('warn');
  log.info('quiet');
  expect(lines).toEqual([]);
});

test('secrets do not reach a line, nested ones neither', () => {
  const { log, lines } = capture();
  log.info(
    {
      key: 'secret-1',
      request: { headers: { authorization: 'secret-2' }, body: { plaintext: 'secret-3' } },
      config: { rootKey: 'secret-4', masterKey: 'secret-5' },
    },
    'x',
  );
  expect(lines.join()).not.toContain('secret');
  expect(lines.join()).toContain('[redacted]');
});

test('an error is logged with its causes and without its other members', () => {
  const { log, lines, parsed } = capture();
  const cause = Object.assign(new Error('disk full'), { code: 'ENOSPC', body: 'secret' });
  log.error({ err: new TypeError('not stored', { cause }) }, 'failed');
  expect(parsed()[0]).toMatchObject({
    err: { type: 'TypeError', message: 'not stored', cause: { message: 'disk full', code: 'ENOSPC' } },
  });
  expect(lines.join()).not.toContain('secret');
});

test('an error that causes itself is cut short', () => {
  const error = new Error('loop');
  error.cause = error;
  expect(JSON.stringify(errorFields(error)).match(/"message"/g)?.length).toBe(9);
});

test('a thrown text is not repeated', () => {
  expect(errorFields('secret')).toEqual({ type: 'string', message: 'not an Error' });
});
