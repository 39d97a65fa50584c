import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { keepIdentity } from '#agent/identity.ts';
import { describe } from '#test/support/describe.ts';
import { openSystemdNotify } from '#test/support/systemd-notify.ts';
import { until } from '#test/support/until.ts';

const main = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...argv], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: child.exitCode, out, err };
}

describe('hotdesk-agent', (test) => {
  // biome-ignore format: a table
  const wrong: [line: string, code: number, says: RegExp][] = [
    ['',                                  2, /which command\? enrol, doctor, run, wait, phone/],
    ['enroll --token x',                  2, /unknown command "enroll"; did you mean "enrol"\?/],
    ['run --sipport 5060',                2, /unknown flag "--sipport"; did you mean "--sip-port"\?/],
    ['run --sip-port 70000',              2, /--sip-port: a port/],
    ['run now',                           2, /"now" is not expected/],
    ['enrol --controller https://a --token b', 2, /wss:\/\/host:port/],
    ['run --data /nowhere/at/all',        1, /enrol this agent first/],
  ];
  for (const [line, code, says] of wrong) {
    test(`"${line}" ends ${code} with a sentence`, async () => {
      const ended = await run(line === '' ? [] : line.split(' '));
      assert.is(ended.code, code);
      assert.match(ended.err, says);
      assert.is(ended.err.trim().split('\n').length, 1);
      assert.is(ended.out, '');
    }, 15_000);
  }

  test('a password of a proxy is masked', async () => {
    const env = { HOTDESK_AGENT_PROXY: 'http://office:CANARY-3@proxy.example:3128' };
    const { code, out, err } = await run(['run', '--print-config', '--data', '/nowhere/at/all'], env);
    assert.is(code, 0);
    assert.is((JSON.parse(out) as { proxy: string }).proxy, 'http://***@proxy.example:3128');
    assert.not.match(out + err, 'CANARY-3');
  }, 15_000);

  test('under its parent: the service manager hears; SIGHUP takes the log level, and what wants a restart is said', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-agent-'));
    const { env, told } = await openSystemdNotify(folder);
    const { privateKey } = generateKeyPairSync('ed25519');
    const controller = new URL('wss://127.0.0.1:1');
    await keepIdentity(folder, { agent: 'a'.repeat(16), site: 'berlin', controller, pins: [], privateKey });
    const ports = ['--listen', '127.0.0.1', '--sip-port', '0', '--http-port', '0', '--rtp-ports', '0'];
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', main, 'run', '--supervised', '--data', folder, ...ports],
      { env, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    child.stderr.on('data', (part: Buffer) => {
      said += part.toString();
    });
    const ended = once(child, 'exit');
    await until('it listens', () => said.includes('"listening"'), 30_000);
    await until('it is ready', async () => (await told()).includes('READY=1'), 30_000);
    await until('it lives', async () => (await told()).includes('WATCHDOG=1'), 30_000);
    await writeFile(join(folder, 'agent.json'), '{"logLevel": "debug", "upgradeSeconds": 90}');
    child.kill('SIGHUP');
    await until('it has reloaded', () => said.includes('"reloaded"'), 30_000);
    assert.match(said, /"logLevel":"debug","needRestart":\["upgradeSeconds"\]/);
    await writeFile(join(folder, 'agent.json'), '{"logLevl": "debug"}');
    child.kill('SIGHUP');
    await until('a slip is told, and it goes on', () => said.includes('"not reloaded"'), 30_000);
    assert.match(said, /did you mean \\"logLevel\\"/);
    assert.is(child.exitCode, null);
    child.kill('SIGTERM');
    await ended;
    // One more may be on its way to the service manager.
    await rm(folder, { recursive: true, maxRetries: 10 });
  }, 60_000);

  test('--check-config prints what would be used', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-agent-'));
    await writeFile(join(folder, 'agent.json'), '{"httpPort": 8088, "sipPort": 1}');
    const env = { HOTDESK_AGENT_DATA: folder, HOTDESK_AGENT_RTP_PORTS: '4000-4999' };
    const flags = ['--check-config', '--sip-port', '5070', '--listen', '127.0.0.1'];
    const { code, out } = await run(['run', ...flags], env);
    assert.is(code, 0);
    assert.equal(JSON.parse(out), {
      data: folder,
      listen: ['127.0.0.1'],
      sipPort: 5_070,
      httpPort: 8_088,
      rtpPorts: '4000-4999',
      pnp: true,
      logLevel: 'info',
      upgradeSeconds: 60,
      allowPlain: false,
    });
    await rm(folder, { recursive: true });
  }, 15_000);
});
