/**
 * The canary: after a day of an office, at the most talkative log level, no PIN,
 * SIP secret, token or key stands anywhere but where it must.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { openRegistrar } from '#test/agent/phone/office.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { hotdesk, type Programs, start, withPrograms } from './programs.ts';
import { anna, ben, type Desk, logIn } from './world.ts';

const deadlineMs = 90_000;
const annasPin = '482915';
const bensPin = '630174';
const newPin = '739162';
const wrongPin = '907351';
const pbxSecret = 'the-pbx-shall-know-4711';

/** Secret → where it may be found; the rest is a leak. */
type Canary = { name: string; text: string };

/** A PBX where 100 is registered while she is logged in. */
async function connectPbx({ ask, defer }: Programs): Promise<() => boolean> {
  const pbx = await openRegistrar();
  defer(() => pbx.close());
  pbx.secrets.set('anna-pbx', pbxSecret);
  await ask('POST', '/upstreams', {
    id: 'pbx',
    mode: 'register',
    addresses: [pbx.local],
    local: { address: '127.0.0.1', port: 0 },
    secret: pbxSecret,
  });
  await ask('PUT', '/users/100/upstream', { user: 'anna-pbx', secret: pbxSecret });
  return () => pbx.contacts.size > 0;
}

/** Login with a wrong and a right PIN, a call, a logout, all verbs of an admin; answers the secrets in it. */
async function spendDay(programs: Programs): Promise<Canary[]> {
  const { ask } = programs;
  const { token, id } = (await ask('POST', '/tokens', { name: 'canary' })) as { token: string; id: string };
  const { token: enrolToken } = (await ask('POST', '/enrol-tokens', { site: 'berlin' })) as { token: string };
  const [first, second] = [await programs.desk('HD0001'), await programs.desk('HD0002')];
  const secrets = new Set<string>();
  const note = (desk: Desk) => secrets.add(desk.phone.memory.get('account.1.password') ?? '');
  note(first);
  const isAtPbx = await connectPbx(programs);

  const before = first.mark();
  first.phone.call(`*77*${anna.extension}*`);
  await first.saw('answered', {}, before);
  first.phone.dtmf(`${wrongPin}#`);
  await until('the wrong PIN was counted', async () => (await storeOf(programs)).includes('"100@HD0001"'));
  first.phone.hangUp();
  await first.saw('ended', {}, before);
  await logIn(first, { extension: anna.extension, pin: annasPin });
  await first.saw('registered', { aor: anna.extension });
  note(first);
  await logIn(second, { extension: ben.extension, pin: bensPin });
  await second.saw('registered', { aor: ben.extension });
  note(second);
  second.phone.autoAnswer(true);
  await until('100 is registered at the PBX', isAtPbx);
  const inCall = first.mark();
  first.phone.call(ben.extension);
  await first.saw('answered', {}, inCall);
  first.phone.hangUp();
  await first.saw('ended', {}, inCall);

  await ask('PUT', '/users/100/pin', { pin: newPin });
  for (const pin of ['1234', newPin.slice(0, 2)]) {
    await ask('PUT', '/users/101/pin', { pin }).catch(() => {}); // refused: its sentence is looked at too
  }
  for (const args of [
    ['user', 'set', '101', '--pin-stdin'],
    ['enrol-token', 'list'],
    ['session', 'list', '--server', programs.api, '--token', token],
  ]) {
    const where = args.includes('--server') ? [] : ['--data', programs.data];
    assert.is(await start(hotdesk, [...args, ...where], `${bensPin}\n`).exited, 0, args.join(' '));
  }
  const folder = new URL(
    String(((await ask('GET', '/devices/HD0001')) as { provisioningUrl: string }).provisioningUrl),
  );
  await fetch(`${folder.href}nothing.cfg`);
  await fetch(`${programs.api}/devices`, { headers: { authorization: `Bearer ${token}x` } });

  const [configToken = ''] = folder.pathname.split('/').slice(2);
  const [, enrolSecret = ''] = enrolToken.split('.');
  const web = first.phone.memory.get('static.security.user_password admin') ?? '';
  const canaries = [
    { name: 'a PIN', text: annasPin },
    { name: 'another PIN', text: bensPin },
    { name: 'a new PIN', text: newPin },
    { name: 'a wrong PIN', text: wrongPin },
    { name: 'a secret of the PBX', text: pbxSecret },
    { name: 'the API token', text: token.slice(`hdt_${id}_`.length) },
    { name: 'the enrolment token', text: enrolSecret },
    { name: 'the config token', text: configToken },
    { name: 'the phone’s web password', text: web },
    ...[...secrets].map((text) => ({ name: 'a SIP secret', text })),
    { name: 'the master key', text: (await readFile(join(programs.data, 'master.key'), 'utf8')).trim() },
  ];
  assert.is(secrets.size, 3);
  for (const { name, text } of canaries) assert.ok(text.length >= 6, `${name} is known`);
  return canaries;
}

/** Digits stand in times and hashes by chance: a PIN is found where no digit or letter is beside it. */
function has(text: string, { text: secret }: Canary): boolean {
  return /^\d+$/.test(secret)
    ? new RegExp(`(?<![\\w.])${secret}(?![\\w.])`).test(text)
    : text.includes(secret);
}

function lookFor(canaries: readonly Canary[], where: string, text: string): string[] {
  return canaries.filter((canary) => has(text, canary)).map(({ name }) => `${name} in ${where}`);
}

async function textOf(programs: Programs, path: string, token?: string): Promise<string> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return await (await fetch(programs.api + path, { headers })).text();
}

async function storeOf({ data }: Programs): Promise<string> {
  const folder = join(data, 'store');
  const names = await readdir(folder);
  // A journal that a snapshot has taken over goes, and what is written gets its name at last.
  const texts = names.map((name) => readFile(join(folder, name), 'utf8').catch(() => ''));
  return (await Promise.all(texts)).join('\n');
}

describe('secrets', (test) => {
  test(
    'are in no log, no file of the store and no answer',
    async () => {
      const people = [
        { ...anna, pin: annasPin },
        { ...ben, pin: bensPin },
      ];
      await withPrograms(
        async (programs) => {
          const canaries = await spendDay(programs);
          const all = canaries.map(({ text }) => `"${text}"`).join();
          assert.is(lookFor(canaries, '', all).length, canaries.length, 'what is looked for would be found');
          const found: string[] = [];
          const { token } = (await programs.ask('POST', '/tokens', { name: 'looker' })) as { token: string };
          const urls = canaries.filter(({ name }) => name !== 'the config token');
          for (const noun of [
            'sites',
            'users',
            'devices',
            'sessions',
            'agents',
            'enrol-tokens',
            'tokens',
            'upstreams',
            'calls',
            'counters',
          ]) {
            // A device shows its provisioning URL: the one place that has to.
            const looked = noun === 'devices' ? urls : canaries;
            found.push(...lookFor(looked, `/${noun}`, await textOf(programs, `/${noun}`, token)));
          }
          const root = new URL(programs.api).origin;
          for (const path of ['/metrics', '/healthz', '/readyz', '/']) {
            found.push(...lookFor(canaries, path, await (await fetch(root + path)).text()));
          }
          await programs.agent.kill('SIGTERM');
          await programs.controller.kill('SIGTERM');

          const log = programs.log();
          await until('a log that is worth looking at', () => /"level":(10|20)/.test(log));
          assert.match(log, /logged in/);
          assert.match(log, /"counters"/, 'both stopped in peace');
          found.push(...lookFor(canaries, 'a log', log));
          found.push(...lookFor(canaries, 'the store', await storeOf(programs)));
          assert.equal(found, []);
        },
        { desks: 2, people },
      );
    },
    deadlineMs,
  );
});
