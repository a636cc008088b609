import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addMasterKey, dropFormerMasterKeys } from './master-keys.ts';
import { seal } from './sealing.ts';
import { createVault, DamagedSecretError, MasterKeyError, openMasterKeys } from './vault.ts';

const keyA = Buffer.alloc(32, 1).toString('base64');
const keyB = Buffer.alloc(32, 2).toString('base64');

let folder: string;
let keyFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unkey-secrets-'));
  keyFile = join(folder, 'master.key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const configuredKeys = (configured: string) => openMasterKeys({ configured, keyFile, mayCreate: false });
const fileKeys = (mayCreate = true) => openMasterKeys({ configured: undefined, keyFile, mayCreate });
const of = (wrapped: string, workspaceId = 'ws_1') => ({ workspaceId, wrapped });
const vaultOf = (configured: string) => createVault(configuredKeys(configured));

test('a ciphertext decrypts to the same text', () => {
  const vault = vaultOf(keyA);
  const dataKey = vault.newDataKey('ws_1');
  for (const plaintext of ['', 'prod_3ZyKkYp', 'schlüssel 🔑']) {
    expect(vault.decrypt(of(dataKey), vault.encrypt(of(dataKey), plaintext, 'key_1'), 'key_1')).toBe(
      plaintext,
    );
  }
});

test('the same text never encrypts to the same ciphertext', () => {
  const vault = vaultOf(keyA);
  const dataKey = vault.newDataKey('ws_1');
  expect(vault.encrypt(of(dataKey), 'x', 'key_1')).not.toBe(vault.encrypt(of(dataKey), 'x', 'key_1'));
});

test('a new vault with the same master key decrypts', () => {
  const before = vaultOf(keyA);
  const dataKey = before.newDataKey('ws_1');
  const ciphertext = before.encrypt(of(dataKey), 'secret', 'key_1');
  expect(vaultOf(keyA).decrypt(of(dataKey), ciphertext, 'key_1')).toBe('secret');
});

test('a ciphertext moved to another key does not decrypt', () => {
  const vault = vaultOf(keyA);
  const dataKey = vault.newDataKey('ws_1');
  const ciphertext = vault.encrypt(of(dataKey), 'secret', 'key_1');
  expect(() => vault.decrypt(of(dataKey), ciphertext, 'key_2')).toThrow(DamagedSecretError);
});

test('a data key moved to another workspace does not unwrap, and no ciphertext decrypts there', () => {
  const vault = vaultOf(keyA);
  const dataKey = vault.newDataKey('ws_1');
  const ciphertext = vault.encrypt(of(dataKey), 'secret', 'key_1');
  const others = vault.newDataKey('ws_2');
  for (const moved of [of(dataKey, 'ws_2'), of(others, 'ws_2'), of(others, 'ws_1')]) {
    expect(() => vault.decrypt(moved, ciphertext, 'key_1')).toThrow(DamagedSecretError);
  }
  expect(() => vaultOf(`${keyB},${keyA}`).rewrap(of(dataKey, 'ws_2'))).toThrow(DamagedSecretError);
});

test('a data key of an earlier release is read, and bound to its workspace', () => {
  const vault = vaultOf(keyA);
  const bytes = Buffer.alloc(32, 7);
  const unbound = `dk1.${configuredKeys(keyA).current()?.id}.${seal(Buffer.from(keyA, 'base64'), bytes, 'dk1')}`;
  const ciphertext = `ct1.${seal(bytes, Buffer.from('secret'), 'key_1')}`;
  expect(vault.decrypt(of(unbound), ciphertext, 'key_1')).toBe('secret');
  for (const bound of [vault.bind(of(unbound)), vault.rewrap(of(unbound))]) {
    expect(bound).toMatch(/^dk2\./);
    expect(vaultOf(keyA).decrypt(of(bound), ciphertext, 'key_1')).toBe('secret');
    expect(() => vaultOf(keyA).decrypt(of(bound, 'ws_2'), ciphertext, 'key_1')).toThrow(DamagedSecretError);
    expect(vault.bind(of(bound))).toBe(bound);
  }
  // Under the master key that it was wrapped with: other processes may not have the new one yet.
  expect(vaultOf(keyA).decrypt(of(vaultOf(`${keyB},${keyA}`).bind(of(unbound))), ciphertext, 'key_1')).toBe(
    'secret',
  );
});

test('a changed, cut or foreign ciphertext does not decrypt', () => {
  const vault = vaultOf(keyA);
  const dataKey = vault.newDataKey('ws_1');
  const ciphertext = vault.encrypt(of(dataKey), 'secret', 'key_1');
  const changed = `${ciphertext.slice(0, 10)}${ciphertext[10] === 'A' ? 'B' : 'A'}${ciphertext.slice(11)}`;
  for (const wrong of [changed, ciphertext.slice(0, -4), 'ct1.', 'ct1.AAAA', 'secret', '']) {
    expect(() => vault.decrypt(of(dataKey), wrong, 'key_1')).toThrow(DamagedSecretError);
  }
  expect(() => vault.decrypt(of(vault.newDataKey('ws_1')), ciphertext, 'key_1')).toThrow(DamagedSecretError);
  expect(() => vault.decrypt(of('nonsense'), ciphertext, 'key_1')).toThrow(DamagedSecretError);
});

test('an unknown master key is named, with the remedy', () => {
  const dataKey = vaultOf(keyA).newDataKey('ws_1');
  const id = configuredKeys(keyA).current()?.id ?? 'none';
  expect(dataKey.startsWith(`dk2.${id}.`)).toBe(true);
  const attempt = () => vaultOf(keyB).encrypt(of(dataKey), 'secret', 'key_1');
  expect(attempt).toThrow(MasterKeyError);
  expect(attempt).toThrow(new RegExp(`${id}.*UNKEY_MASTER_KEY`));
});

test('a former master key still reads, and rewrapping moves a data key to the current one', () => {
  const old = vaultOf(keyA);
  const dataKey = old.newDataKey('ws_1');
  const ciphertext = old.encrypt(of(dataKey), 'secret', 'key_1');
  const rotating = vaultOf(`${keyB},${keyA}`);
  const rewrapped = rotating.rewrap(of(dataKey));
  expect(rotating.decrypt(of(dataKey), ciphertext, 'key_1')).toBe('secret');
  expect(rotating.rewrap(of(rewrapped))).toBe(rewrapped);
  expect(vaultOf(keyB).decrypt(of(rewrapped), ciphertext, 'key_1')).toBe('secret');
});

test('off means no encryption', () => {
  const vault = vaultOf('off');
  expect(vault.isEnabled).toBe(false);
  expect(() => vault.newDataKey('ws_1')).toThrow(MasterKeyError);
  expect(readdirSync(folder)).toEqual([]);
});

test('a missing key file is created once, for its owner only', () => {
  const dataKey = createVault(fileKeys()).newDataKey('ws_1');
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['master.key']);
  expect(createVault(fileKeys(false)).encrypt(of(dataKey), 'x', 'key_1')).toMatch(/^ct1\./);
});

test('a missing key file is an error where none may be created', () => {
  expect(() => fileKeys(false)).toThrow(MasterKeyError);
  expect(readdirSync(folder)).toEqual([]);
});

test('the configured keys win over the key file', () => {
  const dataKey = createVault(fileKeys()).newDataKey('ws_1');
  expect(() => vaultOf(keyA).encrypt(of(dataKey), 'x', 'key_1')).toThrow(MasterKeyError);
});

test.each(['', 'short', `${keyA}\nshort`, Buffer.alloc(16).toString('base64')])(
  'the key file %j is refused',
  (text) => {
    writeFileSync(keyFile, text);
    expect(() => fileKeys()).toThrow(MasterKeyError);
  },
);

test('messages about a broken key file do not repeat it', () => {
  writeFileSync(keyFile, 'secret-text');
  expect(() => fileKeys()).toThrow(/^(?!.*secret-text).*$/s);
});

test('a running vault follows a rotation by another process', () => {
  const server = createVault(fileKeys());
  const before = server.newDataKey('ws_1');
  const ciphertext = server.encrypt(of(before), 'secret', 'key_1');

  const newId = addMasterKey(keyFile);
  const rewrapped = createVault(fileKeys(false)).rewrap(of(before));
  expect(rewrapped).toContain(newId);
  expect(server.newDataKey('ws_1')).toContain(newId);
  dropFormerMasterKeys(keyFile);

  expect(server.decrypt(of(rewrapped), ciphertext, 'key_1')).toBe('secret');
  expect(createVault(fileKeys(false)).decrypt(of(rewrapped), ciphertext, 'key_1')).toBe('secret');
  expect(() => createVault(fileKeys(false)).decrypt(of(before), ciphertext, 'key_1')).toThrow(MasterKeyError);
});

test('a rotated key file keeps its mode and leaves no draft behind', () => {
  fileKeys();
  addMasterKey(keyFile);
  expect(readFileSync(keyFile, 'utf8').trim().split('\n')).toHaveLength(2);
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  dropFormerMasterKeys(keyFile);
  expect(readFileSync(keyFile, 'utf8').trim().split('\n')).toHaveLength(1);
  expect(readdirSync(folder)).toEqual(['master.key']);
});

test('the bound of the cache of data keys does not change what decrypts', () => {
  const vault = vaultOf(keyA);
  const first = vault.newDataKey('ws_1');
  const ciphertext = vault.encrypt(of(first), 'secret', 'key_1');
  for (let count = 0; count < 1100; count++) vault.encrypt(of(vault.newDataKey('ws_1')), 'x', 'key_1');
  expect(vault.decrypt(of(first), ciphertext, 'key_1')).toBe('secret');
});
