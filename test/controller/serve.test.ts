/** The controller as a program: its configuration printed, and read again at SIGHUP. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { freePort } from '#test/support/ports.ts';
import { openSystemdNotify } from '#test/support/systemd-notify.ts';
import { until } from '#test/support/until.ts';

const main = fileURLToPath(new URL('../../controller/main.ts', import.meta.url));

const start = (...argv: string[]) => startWith({ PATH: process.env.PATH }, ...argv);

const startWith = (env: NodeJS.ProcessEnv, ...argv: string[]) =>
  spawn(process.execPath, ['--import', 'tsx', main, ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });

describe('hotdesk serve', (test) => {
  test('prints its configuration, or what is wrong with it', async () => {
    const data = await mkdtemp(join(tmpdir(), 'hotdesk-serve-'));
    await writeFile(join(data, 'hotdesk.json'), '{"tunnelPort": 9443}');
    const child = start('serve', '--data', data, '--print-config');
    const [out] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    assert.is(child.exitCode, 0);
    const printed = JSON.parse(out) as Record<string, unknown>;
    assert.is(printed.tunnelPort, 9_443);
    assert.is(printed.data, data);
    await writeFile(join(data, 'hotdesk.json'), '{"tunelPort": 9443}');
    const wrong = start('serve', '--data', data, '--check-config');
    const [err] = await Promise.all([text(wrong.stderr), once(wrong, 'exit')]);
    assert.is(wrong.exitCode, 2);
    assert.match(err, /did you mean "tunnelPort"/);
    await rm(data, { recursive: true });
  }, 60_000);

  test('SIGHUP: the log level is taken, and it is said what wants a restart', async () => {
    const data = await mkdtemp(join(tmpdir(), 'hotdesk-serve-'));
    const child = start(
      'serve',
      '--data',
      data,
      '--listen',
      '127.0.0.1',
      '--tunnel-port',
      '0',
      '--api-port',
      '0',
    );
    let said = '';
    child.stderr.on('data', (part: Buffer) => {
      said += part.toString();
    });
    child.stdout.resume();
    const ended = once(child, 'exit');
    await until('it is ready', () => said.includes('"msg":"ready"'), 30_000);
    await writeFile(join(data, 'hotdesk.json'), '{"logLevel": "debug", "upgradeWait": 5}');
    child.kill('SIGHUP');
    await until('it has reloaded', () => said.includes('"msg":"reloaded"'), 30_000);
    assert.match(said, /"logLevel":"debug","needRestart":\["upgradeWait"\]/);
    await writeFile(join(data, 'hotdesk.json'), '{');
    child.kill('SIGHUP');
    await until('a slip is told, and it goes on', () => said.includes('"msg":"not reloaded"'), 30_000);
    assert.is(child.exitCode, null);
    child.kill('SIGTERM');
    await ended;
    assert.is(child.exitCode, 0);
    await rm(data, { recursive: true });
  }, 60_000);

  test('tells the service manager when it listens, and then that it lives', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-serve-'));
    const { env, told } = await openSystemdNotify(folder);
    const port = await freePort();
    const places = ['--listen', '127.0.0.1', '--tunnel-port', String(port), '--api-port', '0'];
    const child = startWith(env, 'serve', '--data', join(folder, 'data'), ...places);
    child.stdout.resume();
    child.stderr.resume();
    const ended = once(child, 'exit');
    await until('it is ready', async () => (await told()).includes('READY=1'), 30_000);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    assert.match((await told()).find((line) => line.startsWith('STATUS=')) ?? '', `127.0.0.1:${port}`);
    await until('it lives', async () => (await told()).includes('WATCHDOG=1'), 30_000);
    child.kill('SIGTERM');
    await ended;
    assert.is(child.exitCode, 0);
    // One more may be on its way.
    await rm(folder, { recursive: true, maxRetries: 10 });
  }, 60_000);
});
