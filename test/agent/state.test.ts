import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type AgentState, createStateFile, readState, waitUntilUp } from '#agent/state.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

async function inFolder(story: (folder: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-state-'));
  try {
    await story(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const fail = (error: unknown) => {
  throw error;
};

describe('state of the agent', (test) => {
  test('is there for who looks, and written only when it changes', () =>
    inFolder(async (folder) => {
      let at = 0;
      const file = createStateFile(folder, () => ++at, fail);
      file.keep({ tunnel: 'down', code: 'unavailable', reason: 'x' });
      file.keep({ tunnel: 'up' });
      file.keep({ tunnel: 'up' });
      await file.close();
      assert.equal(await readState(folder), { tunnel: 'up', at: 2, pid: process.pid });
    }));

  test('is waited for until the tunnel is up', () =>
    inFolder(async (folder) => {
      const file = createStateFile(folder, () => 1, fail);
      file.keep({ tunnel: 'down' });
      const waiting = waitUntilUp(folder, { waitMs: 10_000, pollMs: 5 });
      await file.close();
      file.keep({ tunnel: 'up' });
      await waiting;
    }));

  // biome-ignore format: a table
  const rows: { name: string; state?: Omit<AgentState, 'at'>; said: RegExp }[] = [
    { name: 'no agent that runs',  said: /^the agent does not run/ },
    { name: 'a name that is none', state: { tunnel: 'down', code: 'unavailable', reason: 'getaddrinfo ENOTFOUND c' }, said: /^the tunnel is not up; getaddrinfo ENOTFOUND c; check the name \(DNS\)/ },
    { name: 'another key',         state: { tunnel: 'down', code: 'pin.mismatch', reason: 'c has another key' }, said: /pin differs/ },
    { name: 'a revoked agent',     state: { tunnel: 'down', code: 'auth.refused', reason: 'c does not take this agent' }, said: /revoked, .* enrol again/ },
    { name: 'a tunnel that fell',  state: { tunnel: 'down' }, said: /^the tunnel is not up$/ },
  ];
  for (const { name, state, said } of rows) {
    test(`says what is wrong with ${name}`, () =>
      inFolder(async (folder) => {
        const file = createStateFile(folder, () => 1, fail);
        if (state !== undefined) file.keep(state);
        await file.close();
        const error = await waitUntilUp(folder, { waitMs: 0, pollMs: 1 }).catch((caught: unknown) => caught);
        assert.ok(Fault.is(error, 'unavailable'));
        assert.match((error as Fault).message, said);
      }));
  }

  test('that is half written is asked for again', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'state.json'), '{"tunnel": "u');
      assert.is(await readState(folder), undefined);
      assert.is((await readFile(join(folder, 'state.json'), 'utf8')).length, 13);
    }));
});
