/**
 * The story, steps 2 to 7: what a person at the phones would do, see and hear.
 * Each step throws when something did not hold, and answers what it found.
 */

import { strict as assert } from 'node:assert';
import { anna, ben, devices, emergency, outside, wrongPin } from './cast.ts';
import { type DemoPhone, type Match, type PhoneEvent, pause, type, until } from './phone.ts';
import type { World } from './world.ts';

/** What later steps need of earlier ones. */
export type Stage = { world: World; phones: DemoPhone[] };
export type Step = { title: string; run(stage: Stage): Promise<string> };

const [first, second] = devices;
const voice: Match = { event: 'audio', levelDb: (level: unknown) => Number(level) > -50 };
const ms = (since: number) => `${Math.round(performance.now() - since)} ms`;

export const story: readonly Step[] = [
  { title: 'each phone fetches its config through the agent and registers', run: registersIdle },
  { title: 'an idle phone may call emergency numbers and nobody else', run: mayCallEmergencyOnly },
  { title: 'log in by voice: a wrong PIN, then the right one', run: logsIn },
  { title: 'the phone becomes Anna’s', run: becomesHers },
  { title: 'the other phone becomes Ben’s; they call each other', run: callEachOther },
  { title: 'the first key logs out', run: logsOut },
];

/** The two phones of the story. */
export function seats({ phones }: Stage): [DemoPhone, DemoPhone] {
  const [one, two] = phones;
  assert(one !== undefined && two !== undefined, 'the phones are started in step 2');
  return [one, two];
}

async function registersIdle(stage: Stage): Promise<string> {
  const begun = performance.now();
  stage.phones.push(...(await Promise.all(devices.map(({ device }) => stage.world.startPhone(device)))));
  for (const phone of stage.phones) {
    const shown = await phone.saw({ event: 'provisioned', account: phone.name }, 0);
    hold(keyOf(shown, 1).value === '*77*', `key 1 of ${phone.name} is Login`);
    await phone.saw({ event: 'registered', aor: phone.name }, 0);
  }
  return `both registered ${ms(begun)} after power on; key 1 is Login`;
}

async function mayCallEmergencyOnly(stage: Stage): Promise<string> {
  const [phone] = seats(stage);
  for (const number of [anna.extension, outside]) {
    const mark = phone.mark();
    phone.do(`call ${number}`);
    const { status, by } = await phone.saw({ event: 'ended' }, mark);
    hold(by === 'refused' && status === 403, `a call to ${number} is refused with 403, not ${by} ${status}`);
  }
  const { gateway } = stage.world;
  const [mark, gatewayMark] = [phone.mark(), gateway.mark()];
  phone.do(`call ${emergency}`);
  await gateway.saw({ event: 'incoming' }, gatewayMark);
  await phone.saw({ event: 'answered' }, mark);
  const { hz } = await phone.saw({ event: 'tone' }, mark);
  phone.do('hangup');
  await phone.saw({ event: 'ended', by: 'us' }, mark);
  await gateway.saw({ event: 'ended', by: 'them' }, gatewayMark);
  return `403 for ${anna.extension} and ${outside}; ${emergency} was answered by the gateway (${hz} Hz heard)`;
}

async function logsIn(stage: Stage): Promise<string> {
  const [phone] = seats(stage);
  const mark = phone.mark();
  phone.do(`call *77*${anna.extension}*`);
  await phone.saw({ event: 'answered' }, mark);
  await phone.saw(voice, mark);
  await type(phone, `${wrongPin}#`);
  await heardAgain(phone);
  const last = await type(phone, `${anna.pin}#`);
  const committed = await sessionOf(stage.world, first.device, anna.extension, last);
  await phone.saw({ event: 'ended', by: 'them' }, mark);
  return `wrong PIN asked again; session on disk ${committed} after the last key`;
}

async function becomesHers(stage: Stage): Promise<string> {
  const [phone] = seats(stage);
  const { since } = await stage.world.ask('GET', `/sessions/${first.device}`);
  const begun = performance.now() - (Date.now() - Date.parse(String(since)));
  const shown = await phone.saw({ event: 'provisioned', account: anna.extension }, 0);
  hold(String(shown.label).includes(anna.name), `the label shows ${anna.name}, not "${String(shown.label)}"`);
  hold(keyOf(shown, 1).value === '*77*5*', 'key 1 is Logout');
  hold(keyOf(shown, 2).value === anna.keys[0].value, 'key 2 is Anna’s first');
  const registered = await phone.saw({ event: 'registered', aor: anna.extension }, 0);
  const active = await changedOver(stage.world, first.device);
  const shownAs = `shows "${String(shown.label)}", key 1 Logout`;
  return `${shownAs}; registered as ${anna.extension} ${Math.round(registered.at - begun)} ms after the commit, ${active}`;
}

async function callEachOther(stage: Stage): Promise<string> {
  const [annas, bens] = seats(stage);
  const mark = bens.mark();
  bens.do('call *77*');
  await bens.saw({ event: 'answered' }, mark);
  await bens.saw(voice, mark);
  await type(bens, `${ben.extension}#`);
  await heardAgain(bens);
  const last = await type(bens, ben.pin); // no #: silence ends it
  const committed = await sessionOf(stage.world, second.device, ben.extension, last);
  await bens.saw({ event: 'registered', aor: ben.extension }, mark);
  await changedOver(stage.world, second.device);

  const ringing = await callUp({ caller: bens, called: annas, number: anna.extension, from: ben.extension });
  await hangUp(annas, bens);
  await callUp({ caller: annas, called: bens, number: ben.extension, from: anna.extension });
  await hangUp(annas, bens);
  return `Ben by bare *77* and silence (${committed}); ${ben.extension} rang ${anna.extension} after ${ringing}; tones heard both ways; the called and the caller hung up`;
}

async function logsOut(stage: Stage): Promise<string> {
  const [phone] = seats(stage);
  const mark = phone.mark();
  const begun = performance.now();
  phone.do('press 1');
  await phone.saw({ event: 'calling', number: '*77*5*' }, mark);
  await phone.saw({ event: 'ended', by: 'them' }, mark);
  await phone.saw({ event: 'provisioned', account: first.device }, mark);
  await phone.saw({ event: 'registered', aor: first.device }, mark);
  const took = ms(begun);
  await changedOver(stage.world, first.device);
  const later = phone.mark();
  phone.do(`register ${anna.extension}`);
  const { status } = await phone.saw({ event: 'registration-failed', aor: anna.extension }, later);
  hold(status === 403, `a REGISTER for ${anna.extension} is refused with 403, not ${String(status)}`);
  return `nobody’s phone again ${took} after the key; a REGISTER for ${anna.extension} got ${String(status)}`;
}

export type CallUp = { caller: DemoPhone; called: DemoPhone; number: string; from: string };

/** Rings, is answered, and each hears the other's tone; answers how long it took to ring. */
export async function callUp({ caller, called, number, from }: CallUp): Promise<string> {
  const [callerMark, calledMark] = [caller.mark(), called.mark()];
  const begun = performance.now();
  caller.do(`call ${number}`);
  await called.saw({ event: 'incoming', from }, calledMark);
  const ringing = ms(begun);
  called.do('answer');
  await Promise.all([
    caller.saw({ event: 'answered' }, callerMark),
    called.saw({ event: 'answered' }, calledMark),
  ]);
  await Promise.all([hears(caller, called, 697), hears(called, caller, 1209)]);
  return ringing;
}

/** `from` says a tone, and `to` recognises it. */
export async function hears(from: DemoPhone, to: DemoPhone, hz: number): Promise<void> {
  const mark = to.mark();
  from.do(`tone ${hz}`);
  await to.saw({ event: 'tone', hz }, mark);
  from.do('tone off');
}

export async function hangUp(by: DemoPhone, other: DemoPhone): Promise<void> {
  const marks = [by.mark(), other.mark()] as const;
  by.do('hangup');
  await by.saw({ event: 'ended', by: 'us' }, marks[0]);
  await other.saw({ event: 'ended', by: 'them' }, marks[1]);
}

/** Sound again, some time after what was said before. */
async function heardAgain(phone: DemoPhone): Promise<void> {
  await pause(700);
  await phone.saw(voice, phone.mark());
}

async function sessionOf(world: World, device: string, extension: string, since: number): Promise<string> {
  await until(`a session of ${extension} at ${device}`, async () =>
    (await world.items('/sessions')).find((each) => each.device === device && each.extension === extension),
  );
  return ms(since);
}

/** Waits until the phone proved that it shows its session. */
export async function changedOver(world: World, device: string): Promise<string> {
  return until(`the change-over of ${device} is active`, async () => {
    const { state, ms: took } = (await world.ask('GET', `/devices/${device}`)).changeOver as Record<
      string,
      unknown
    >;
    return state === 'active' ? `active after ${Math.round(Number(took))} ms` : undefined;
  });
}

type ShownKey = { position: number; type: string; value: string; label: string };

function keyOf(shown: PhoneEvent, position: number): Partial<ShownKey> {
  return (shown.keys as ShownKey[]).find((key) => key.position === position) ?? {};
}

export function hold(isTrue: boolean, what: string): void {
  if (!isTrue) throw new StoryError(what);
}

/** Something in the story was otherwise than it must be. */
class StoryError extends Error {
  override readonly name = 'StoryError';

  constructor(what: string) {
    super(`should be so, and is not: ${what}`);
  }
}
