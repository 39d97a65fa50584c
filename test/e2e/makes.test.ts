/**
 * A phone of every make, each through login, takeover and logout in one office:
 * it shows who sits there, and nothing of who did.
 */

import * as assert from 'uvu/assert';
import type { Memory } from '#agent/phone/make.ts';
import { readSource } from '#agent/phone/makes.ts';
import { provision } from '#agent/phone/provision.ts';
import { describe } from '#test/support/describe.ts';
import { type Desk, deskName, inWorld, logIn, macOf, type World } from './world.ts';

type Person = { extension: string; name: string; pin: string; keys: Key[] };

/** Those of one desk: who logs in, and who takes it over. */
const peopleOf = (desk: number): [Person, Person] => [
  {
    extension: `47${desk}1`,
    name: `Carla Ünal & Söhne ${desk}`,
    pin: '482915',
    keys: [
      { type: 'blf', value: `48${desk}2`, label: 'Dirk <Lager>' },
      { type: 'speeddial', value: '0305550', label: 'Zoll' },
    ],
  },
  {
    extension: `48${desk}2`,
    name: `Dirk 'Didi' Holm ${desk}`,
    pin: '630174',
    keys: [{ type: 'speeddial', value: '0306660', label: 'Spedition' }],
  },
];
type Key = { type: string; value: string; label: string };

/**
 * A model of each make, and what somebody set at the phone itself: a key, a second line, voicemail, forwarding.
 * Some are set to challenge the NOTIFY that ends it.
 */
// biome-ignore format: a table
const phones: Readonly<Record<string, readonly string[]>> = {
  T46S:    ['linekey.27.value', 'account.2.user_name', 'voice_mail.number.1', 'forward.always.target', 'account.1.anonymous_call', 'phone_setting.phone_lock.enable'],
  D785:    ['fkey 23', 'user_name 2', 'user_mailbox 1', 'redirect_number', 'fwd_all_target 1', 'speed 5', 'keyboard_lock', 'challenge_response'],
  GRP2614: ['pks.mpk.24.value', 'account.2.sip.userid', 'account.1.sip.voicemail.number', 'account.1.featureCodes.callForwardBusyTarget', 'sip.notify.challenge'],
  GXP1630: ['P356', 'P404', 'P33', 'P4428'],
  X5U:     ['dsskey/internal[5]/Fkey[6]/Value', 'sip/line[2]/PhoneNumber', 'sip/line[1]/MWINum', 'sip/line[1]/AlwaysFWDNum'],
  X3U:     ['DSSKEY CONFIG/Sidekey Config1/Fkey3 Value', 'SIP CONFIG/SIP Line List/SIP2 Phone Number', 'SIP CONFIG/SIP Line List/SIP1 MWI Num'],
  P850:    ['fkey 35 label', 'user_name 2', 'user_mailbox 1', 'redirect_number'],
  UC926:   ['P20356', 'P735', 'P33', 'P736'],
  VVX450:  ['attendant.resourceList.12.address', 'reg.2.address', 'msg.mwi.1.callBack', 'divert.1.contact'],
  '6867i': ['softkey18 value', 'sip line2 user name', 'sip line1 vmail', 'topsoftkey20 label'],
};

/** Without what stands for a line, which some makes have first. */
function layoutOf(keys: readonly (Key & { position: number })[]): Key[] {
  const laid = keys.filter(({ type }) => type !== 'line');
  const first = laid[0]?.position ?? 0;
  assert.equal(
    laid.map(({ position }) => position),
    laid.map((_, at) => first + at),
    'without a gap',
  );
  return laid.map(({ type, value, label }) => ({ type, value, label }));
}

type Seat = { world: World; desk: Desk; id: string; model: string };

/** What the phone shows once it has proven it; and that its memory is that of a phone which never had another user. */
async function shows(
  { world, desk, id, model }: Seat,
  from: number,
  now?: Person,
  last?: Person,
): Promise<void> {
  const aor = now?.extension ?? id;
  await desk.saw('registered', { aor }, from, 20_000);
  await world.changedOver(id);
  const { account, label, displayName, keys } = await desk.saw('provisioned', { account: aor }, from);
  const shown = now === undefined ? [id, id] : [`${aor} ${now.name}`, now.name];
  assert.equal([account, label, displayName], [aor, ...shown], model);
  const [name, code] = now === undefined ? ['Login', '*77*'] : ['Logout', '*77*5*'];
  assert.equal(
    layoutOf(keys),
    [{ type: 'speeddial', value: code, label: name }, ...(now?.keys ?? [])],
    model,
  );

  const source = readSource({ url: await world.url(id), mac: macOf(id), model });
  const { memory, skipped, repeated } = await provision({ ...source, memory: new Map() });
  assert.equal([skipped, repeated], [0, 0], model);
  const other = [...desk.phone.memory].filter(([setting, value]) => memory.get(setting) !== value);
  assert.equal([other, desk.phone.memory.size], [[], memory.size], model);
  const theirs = last === undefined ? [] : [last.name, ...last.keys.map((key) => key.label)];
  const left = [...memory].filter(([, value]) => theirs.some((text) => value.includes(text)));
  assert.equal(left, [], `${model}: nothing of who sat there`);
}

/** As its user may, in the phone's own menu. */
function changeSettings({ desk, model }: Seat): void {
  for (const name of phones[model] ?? []) (desk.phone.memory as Memory).set(name, 'of the last one');
}

/** Login, takeover and logout. */
async function changeHands(seat: Seat, carla: Person, dirk: Person): Promise<void> {
  const { desk, world } = seat;
  const login = desk.mark();
  await logIn(desk, carla, world.ear);
  await shows(seat, login, carla);

  changeSettings(seat);
  const takeover = desk.mark();
  await logIn(desk, dirk, world.ear);
  await shows(seat, takeover, dirk, carla);

  changeSettings(seat);
  const logout = desk.mark();
  const { keys } = await desk.saw('provisioned', { account: dirk.extension }, takeover);
  desk.phone.press(keys.find(({ label }) => label === 'Logout')?.position ?? 0);
  await desk.saw('ended', { by: 'them' }, logout, 20_000);
  await shows(seat, logout, undefined, dirk);
}

describe('a phone of every make', (test) => {
  test('through login, takeover and logout: who sits there, and nothing of who did', async () => {
    const models = Object.keys(phones);
    await inWorld(
      async (world) => {
        const seats = await Promise.all(
          models.map(async (model, at): Promise<Seat> => {
            const id = deskName(at + 1);
            return { world, desk: await world.desk(id), id, model };
          }),
        );
        await Promise.all(seats.map((seat, at) => changeHands(seat, ...peopleOf(at + 1))));
        for (const model of models) {
          const { changeOvers } = (await world.ask('GET', `/models/${model}`)) as {
            changeOvers: { count: number; stuck: number; minMs: number };
          };
          assert.equal([changeOvers.count, changeOvers.stuck, changeOvers.minMs > 0], [3, 0, true], model);
        }
      },
      { desks: models, people: models.flatMap((_, at) => peopleOf(at + 1)) },
    );
  }, 120_000);
});
