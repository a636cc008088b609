import { expect, test } from 'vitest';
import { ConnectionUrlError, checkCredentials, hostsIn } from './connection-url.ts';

test.each([
  'postgres://user:se?cret@host/d',
  'postgres://user:se#cret@host/d',
  'postgres://user:se/cret@host:5432/d',
  'postgres://user:12/34@host/d',
  'postgres://user:12?34@host/d',
  'postgres://user:12#34@host/d',
  'postgres://user:secret?a=b@host/d',
  'postgres://user:p@ss/word@host/d',
  'postgres://user:p@ss#word@host/d',
  'postgres://user:p@ss?word@host/d',
  'redis://:se?cret@host',
])('%s is cut in its password', (url) => {
  expect(() => checkCredentials(url)).toThrow(/^has a \?, # or \/ in its password: percent-encode it/);
});

test.each([
  'postgres://user:50%@host/d',
  'postgres://us%er:p@host/d',
  'redis://:%ff@host',
  'redis://u:%zz@host',
])('%s has a %% that encodes nothing', (url) => {
  expect(() => checkCredentials(url)).toThrow(ConnectionUrlError);
  expect(() => checkCredentials(url)).toThrow(/write the % itself as %25/);
});

test.each([
  'postgres://user:secret@host:5432/d',
  'postgres://user:p@ss@host/d',
  'postgres://user:a,b%3F%23%2F%25@host/d',
  'postgres://user@/d?host=/run/postgresql',
  'postgres:///d?host=/run/postgresql&user=me@corp',
  'postgres://host:5432/d?user=me@corp&application_name=a#1',
  'postgres://host/d?user=me@corp',
  'postgres://[::1]:5432/d?user=me@corp',
  'unix:///run/redis@1.sock',
  'redis://host',
  'no url',
])('%s is as it was meant', (url) => {
  expect(() => checkCredentials(url)).not.toThrow();
});

test('hosts are behind the credentials', () => {
  expect(hostsIn('postgres://user:a,b@one:1,two:2/d?x=3,4')).toEqual(['one:1', 'two:2']);
  expect(hostsIn('redis://one')).toEqual(['one']);
});
