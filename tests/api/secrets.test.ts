import { Writable } from 'node:stream';
import { createLog } from '@unkey-ts/server';
import { expect, test } from 'vitest';
import { post, startService } from '../service.ts';

test('no key, root key or hash reaches logs, errors, events or the audit log', async () => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const service = await startService({ log: createLog({ level: 'trace', destination }) });
  const { rootKey, app, place, url, workspaceId } = service;
  const replies: string[] = [];
  const call = async (operation: Parameters<typeof service.call>[0], body: unknown) => {
    const reply = await service.call(operation, body);
    if (reply.status !== 200) replies.push(JSON.stringify(reply.body));
    return reply.body.data;
  };
  const { apiId } = await call('apis.createApi', { name: 'quiet' });
  const { key, keyId } = await call('keys.createKey', { apiId, recoverable: true, prefix: 'quiet' });
  await call('keys.verifyKey', { key, tags: ['t'] });
  await call('keys.verifyKey', { key, permissions: '(' });
  await call('keys.verifyKey', { key, unknown: key });
  await call('keys.whoami', { key: [key] });
  await call('keys.getKey', { keyId, decrypt: true });
  const rerolled = await call('keys.rerollKey', { keyId, expiration: 0 });
  replies.push(JSON.stringify((await post(`${url}/v2/keys.verifyKey`, `{"key":"${key}"`, { rootKey })).body));
  replies.push(JSON.stringify((await post(`${url}/v2/keys.verifyKey`, { key }, { rootKey: key })).body));
  const { hash } = await app.services.storage.read(async (store) => {
    const stored = await store.keys.find(workspaceId, keyId);
    if (stored === null) throw new Error('The key is gone.');
    return stored;
  });
  const records = await app.services.storage.read((store) =>
    store.audit.list({ since: 0, workspaceId, limit: 100 }),
  );
  await app.services.events.flush();
  const events = await place.events();
  await app.services.storage.close();
  const fault = await post(
    `${url}/v2/keys.verifyKey`,
    { key, credits: { cost: 1 } },
    { rootKey: `${rootKey}x` },
  );
  replies.push(JSON.stringify(fault.body));
  await service.close().catch(() => {});

  expect(fault.status).toBe(500);
  expect(lines.length).toBeGreaterThan(5);
  expect(replies.length).toBeGreaterThan(4);
  expect(events).toContain(keyId);
  const written = [lines.join(''), replies.join(''), JSON.stringify(records), events].join('\n');
  for (const secret of [key, rerolled.key, rootKey, hash]) expect(written.includes(secret)).toBe(false);
});
