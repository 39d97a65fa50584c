/**
 * sipvicious from Debian against the product: it finds that there is SIP, and
 * nothing more. It comes from an address of its own, as a stranger on the LAN
 * would; the phone of the office beside it goes on as if nothing were.
 */

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { patience } from '#test/support/patience.ts';
import { freePort } from '#test/support/ports.ts';
import { openSippPhone, runSipp } from './sipp.ts';
import { device, openWorld, type World } from './world.ts';

const why = hasProgram('svwar')
  ? hasProgram('sipp')
    ? ''
    : 'sipp is not installed'
  : 'sipvicious is not installed';
const strangerAddress = '127.0.0.2';
const wordlist = ['100', '1234', '4829', 'password', 'secret', 'hotdesk', 'admin', '0000'];

/** One of its programs, to its end; what it said. */
async function runSipvicious(
  world: World,
  folder: string,
  program: string,
  ...args: string[]
): Promise<string> {
  const to = ['-b', strangerAddress, '-P', `${await freePort()}`, '-p', `${world.port}`, world.host];
  const child = spawn(program, [...args, ...to], {
    cwd: folder,
    // It keeps its sessions in the home folder.
    env: { ...process.env, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  const late = setTimeout(() => child.kill('SIGKILL'), 25_000 * patience);
  await once(child, 'exit');
  clearTimeout(late);
  return said;
}

/** What is the same in each answer but what is random: its text with everything random made alike. */
async function answerTo(world: World, method: string, name: string): Promise<string> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.3');
  await once(socket, 'listening');
  const lines = [
    `${method} sip:${name}@${world.host} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.3:5060;branch=z9hG4bKsame${method};rport`,
    `From: <sip:${name}@${world.host}>;tag=same`,
    `To: <sip:${name}@${world.host}>`,
    `Call-ID: same${method}`,
    `CSeq: 1 ${method}`,
    'Max-Forwards: 70',
    'Content-Length: 0',
  ];
  const heard = once(socket, 'message', { signal: AbortSignal.timeout(5_000 * patience) });
  socket.send(`${lines.join('\r\n')}\r\n\r\n`, world.port, world.host);
  const [bytes] = (await heard) as [Buffer];
  socket.close();
  // The name last: a port or a nonce may hold it by chance. A nonce grows with the time that the controller runs.
  return bytes
    .toString('latin1')
    .replace(/;tag=[\w-]{12}/, ';tag=t')
    .replace(/nonce="[^"]{22,24}"/, 'nonce')
    .replace(/rport=\d+/, 'rport')
    .replaceAll(name, 'n'.repeat(name.length));
}

describe('sipvicious', (test) => {
  let world: World;
  let folder: string;
  const it = why === '' ? test : (name: string) => test.skip(name, why);

  it('a world opens', async () => {
    world = await openWorld();
    folder = await mkdtemp(join(tmpdir(), 'hotdesk-sipvicious-'));
    await writeFile(join(folder, 'words'), `${wordlist.join('\n')}\n`);
  }, 30_000);

  it('finds no extension and no secret, while a phone of the office registers', async () => {
    const run = (program: string, ...args: string[]) => runSipvicious(world, folder, program, ...args);
    const range = ['-e', '100-199', '--maximumtime=1'];
    const known = device(world, 0).device;
    const scans = Promise.all([
      ...['REGISTER', 'INVITE', 'OPTIONS'].map((method) => run('svwar', '-m', method, ...range)),
      run('svwar', '--force', '-m', 'REGISTER', ...range),
      run('svwar', '--force', '-m', 'INVITE', ...range),
      run('svcrack', '-u', '100', '-d', 'words'),
      run('svcrack', '-u', known, '-d', 'words'),
    ]);
    const map = run('svmap');
    const phone = await openSippPhone();
    const registering = await runSipp(world, phone, await world.account(0), 'register', { expect: '200' });
    const { code, said } = await registering.ended;
    assert.is(code, 0, said);
    // That there is SIP, but not what.
    assert.match(await map, new RegExp(`\\| ${world.host}:${world.port} \\| unknown +\\|`));
    for (const found of await scans) {
      assert.match(found, /found nothing/);
      assert.not.match(found, /\| *(1\d\d|HD\d+) *\|/);
    }
  }, 30_000);

  it('has nothing to compare: an answer is the same for who is there and who is not', async () => {
    for (const method of ['REGISTER', 'INVITE', 'OPTIONS', 'SUBSCRIBE', 'MESSAGE', 'BYE']) {
      const answers = [];
      for (const name of ['100', '101', '555', '199', '112']) {
        // A call for help is let through as far as the question who calls.
        answers.push(await answerTo(world, method, name));
      }
      assert.is(new Set(answers).size, 1, answers.join('\n'));
      const names = [device(world, 0).device, 'HD9999'];
      assert.is(await answerTo(world, method, names[0] ?? ''), await answerTo(world, method, names[1] ?? ''));
    }
  }, 20_000);

  it('the world closes', async () => {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  }, 20_000);
});
