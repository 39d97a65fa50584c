import { generateKeyPairSync } from 'node:crypto';
import { chown, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type AgentIdentity, keepIdentity, readIdentity } from '#agent/identity.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

const identity: AgentIdentity = {
  agent: '0123456789abcdef',
  site: 'berlin',
  controller: new URL('wss://hotdesk.example:7443/'),
  pins: ['P'.repeat(43)],
  privateKey: generateKeyPairSync('ed25519').privateKey,
};

describe('identity', (test) => {
  test('is read as it was kept, and is for its owner only', () =>
    inFolder(async (folder) => {
      const inside = join(folder, 'new');
      await keepIdentity(inside, identity);
      const { privateKey, ...rest } = await readIdentity(inside);
      const { privateKey: kept, ...expected } = identity;
      assert.equal(
        { ...rest, controller: rest.controller.href },
        { ...expected, controller: expected.controller.href },
      );
      assert.ok(privateKey.equals(kept));
      assert.equal(await readdir(inside), ['identity.json']);
      assert.is((await stat(inside)).mode & 0o777, 0o700);
      assert.is((await stat(join(inside, 'identity.json'))).mode & 0o777, 0o600);
    }));

  if (process.getuid?.() === 0) {
    test('that root keeps in the folder of a service is the service’s', () =>
      inFolder(async (folder) => {
        await chown(folder, 65_534, 65_533);
        await keepIdentity(folder, identity);
        const { uid, gid } = await stat(join(folder, 'identity.json'));
        assert.equal([uid, gid], [65_534, 65_533]);
      }));
  } else test.skip('that root keeps in the folder of a service is the service’s', 'it needs root');

  test('is kept in a file of its own, whatever was left or laid in the place of it', () =>
    inFolder(async (folder) => {
      const other = join(folder, 'other');
      await writeFile(other, 'another’s');
      await symlink(other, join(folder, `identity.json.${process.pid}.new`));
      await keepIdentity(folder, identity);
      assert.is(await readFile(other, 'utf8'), 'another’s');
      assert.ok((await lstat(join(folder, 'identity.json'))).isFile());
    }));

  test('is not found before enrolment', () =>
    inFolder(async (folder) => assert.is(await codeOf(readIdentity(folder)), 'not.found')));

  for (const content of ['', '{', '{}', '[]', JSON.stringify({ ...identity, privateKey: 'x' })]) {
    test(`is corrupt with ${content.slice(0, 12) || 'nothing'} in its file`, () =>
      inFolder(async (folder) => {
        await writeFile(join(folder, 'identity.json'), content);
        assert.is(await codeOf(readIdentity(folder)), 'store.corrupt');
      }));
  }
});

async function inFolder(story: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-identity-'));
  try {
    await story(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no fault',
    (error: unknown) => (Fault.is(error) ? error.code : String(error)),
  );
