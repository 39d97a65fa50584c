/** The program as an operator runs it: enrol, run, stop. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { site } from '#controller/model/model.ts';
import { listenHub } from '#controller/tunnel/hub.ts';
import { parseHostPort } from '#protocol/address.ts';
import { systemClock } from '#protocol/clock.ts';
import { openFakePhone, toRequest } from '#test/agent/fake-phone.ts';
import { silent } from '#test/agent/fake-tunnel.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { until } from '#test/support/until.ts';

const main = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));
const ports = ['--listen', '127.0.0.1', '--sip-port', '0', '--http-port', '0', '--rtp-ports', '0'];

const start = (...argv: string[]) =>
  spawn(process.execPath, ['--import', 'tsx', main, ...argv], {
    env: { PATH: process.env.PATH },
    stdio: ['pipe', 'pipe', 'pipe'],
  });

/** `exit` has come, or comes. */
async function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

describe('hotdesk-agent as a program', (test) => {
  test('enrols, is ready, carries SIP, and stops when it is told', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-agent-'));
    const received: string[] = [];
    const hub = await listenHub({
      listen: { address: '127.0.0.1', port: 0 },
      folder,
      store: createMemoryStore([{ type: 'put', collection: 'sites', value: site.parse({ id: 'berlin' }) }]),
      clock: systemClock,
      log: silent,
      onSip: (_, bytes) => received.push(Buffer.from(bytes).toString('latin1')),
      onHttp: () => Promise.resolve({ status: 404, headers: {}, body: new Uint8Array() }),
    });
    const token = await hub.createEnrolToken('berlin');
    const data = join(folder, 'agent');

    const url = `wss://127.0.0.1:${hub.address.port}`;
    const enrolling = start('enrol', '--controller', url, '--token', '-', '--data', data);
    enrolling.stdin.end(`${token}\n`);
    const said = text(enrolling.stdout);
    assert.is(await endOf(enrolling), 0);
    assert.match(await said, /^enrolled as agent [0-9a-f]{16} of site berlin;/);
    const identity = join(data, 'identity.json');
    assert.is((await stat(identity)).mode & 0o777, 0o600);

    const again = start('enrol', '--controller', url, '--token', token, '--data', join(folder, 'second'));
    const refusal = text(again.stderr);
    assert.is(await endOf(again), 1, 'a token is good once');
    assert.not.match(await refusal, token);

    const running = start('run', '--data', data, '--json-ready', '--log-level', 'debug', ...ports);
    const log = text(running.stderr);
    const [line] = (await once(createInterface(running.stdout), 'line')) as [string];
    const { ready, sip, http } = JSON.parse(line) as Record<string, string>;
    assert.ok(ready);
    assert.is(parseHostPort(http ?? '').address, '127.0.0.1');
    const phone = await openFakePhone();
    phone.send(parseHostPort(sip ?? ''), toRequest());
    await until('SIP', () => received.length === 1);

    running.kill('SIGTERM');
    assert.is(await endOf(running), 0);
    await until('its end', () => hub.agents()[0]?.isUp === false);
    const { privateKey } = JSON.parse(await readFile(identity, 'utf8')) as { privateKey: string };
    const [, secret = 'none'] = privateKey.split('\n');
    const written = await log;
    assert.match(written, /"msg":"stopped"/);
    assert.not.match(written, secret);
    for (const each of written.trim().split('\n')) JSON.parse(each);

    await phone.close();
    await hub.close();
    await rm(folder, { recursive: true });
  }, 30_000);
});
