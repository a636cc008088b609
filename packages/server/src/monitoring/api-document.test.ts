import { expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { apiDocument } from './api-document.ts';

test('a failed load of the YAML writer is tried again', async () => {
  vi.doMock('yaml', () => {
    throw new Error('missing');
  });
  const document = apiDocument('1.2.3');
  await expect(document.yaml()).rejects.toThrow();
  vi.doUnmock('yaml');
  expect(parse(await document.yaml())).toEqual(JSON.parse(document.json()));
});
