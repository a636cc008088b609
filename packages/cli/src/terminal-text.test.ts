import { expect, test } from 'vitest';
import { table } from './columns.ts';
import { displayWidth, escapeControls, onOneLine } from './terminal-text.ts';

test.each([
  ['plain', 5],
  ['Zoë', 3],
  ['Zoe\u0308', 3],
  ['鍵の名前', 8],
  ['ｱｲ', 2],
  ['한글', 4],
  ['🔑', 2],
  ['👩‍💻', 2],
  ['❤️', 2],
  ['a\u200bb', 2],
])('%s takes its columns', (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

test('columns are aligned by display width', () => {
  const lines = table(
    ['name', 'id'],
    [
      ['鍵', 'a'],
      ['Zoe\u0308', 'b'],
    ],
  ).split('\n');
  expect(lines).toEqual(['NAME  ID', '鍵    a', 'Zoe\u0308   b']);
});

test.each([
  ['\x1b[2J\x1b]0;title\x07', '\\u001b[2J\\u001b]0;title\\u0007'],
  ['\x9b31m', '\\u009b31m'],
  ['\rovertype', '\\u000dovertype'],
  ['abc\u202egnp.exe', 'abc\\u202egnp.exe'],
  ['two\nlines', 'two\nlines'],
])('%j cannot act on a terminal', (text, shown) => {
  expect(escapeControls(text)).toBe(shown);
});

test('a cell of a table has no line feed', () => {
  expect(onOneLine('a\nb')).toBe('a\\u000ab');
  expect(table(['name'], [['a\nb\x1b[1m']])).toBe('NAME\na\\u000ab\\u001b[1m');
});

test('escaped JSON is the same JSON', () => {
  const json = JSON.stringify({ name: '\x1b\x9b\u202e\u2028' });
  expect(JSON.parse(escapeControls(json))).toEqual(JSON.parse(json));
});
