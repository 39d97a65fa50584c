/**
 * baresip at desks of two sites, and what they do with each other: log in by
 * the voice menu, call, listen for the other's tone, hang up; measured on the
 * wire at both ends.
 */

import { whyNoNamespaces } from '#test/support/namespaces.ts';
import { hasProgram } from '#test/support/packages.ts';
import { until } from '#test/support/until.ts';
import { type Baresip, openBaresip, shareOfTone } from './baresip.ts';
import { capture, compare, type Desk, type TwoSites, type Way } from './two-sites.ts';

export type User = { extension: string; name: string; pin: string };

export type Talk = {
  phoneAt(desk: Desk): Baresip;
  /** Anew, with the config that is the desk's now. */
  startPhone(desk: Desk): Promise<Baresip>;
  /** By the voice menu, its digits as telephone events. */
  logIn(desk: Desk, user: User): Promise<void>;
  /** Dialled, rung, answered. */
  call(from: Desk, to: Desk, number: string): Promise<void>;
  bothHear(one: Desk, two: Desk): Promise<void>;
  hangUp(by: Desk, other: Desk): Promise<void>;
  /** Two desks that talk, for as long as `packets` take: both ways, and from where each got its packets. */
  measure(one: Desk, two: Desk, packets: number): Promise<Measured>;
  close(): Promise<void>;
};

export type Measured = { there: Way; back: Way; sources: { one: string[]; two: string[] } };

/** Why it cannot be done here; empty: it can. */
export function whyNoTalk(): string {
  const missing = (['baresip', 'tcpdump'] as const).find((name) => !hasProgram(name));
  return missing === undefined ? whyNoNamespaces() : `${missing} is not installed`;
}

const maxLogins = 3;
const tones = [440, 1_000, 620] as const;

export function createTalk(world: TwoSites): Talk {
  const phones = new Map<Desk, Baresip>();
  const toneOf = new Map<Desk, number>();

  function phoneAt(desk: Desk): Baresip {
    const phone = phones.get(desk);
    if (phone === undefined) throw new Error(`no phone at ${desk.device}`);
    return phone;
  }

  async function startPhone(desk: Desk): Promise<Baresip> {
    await phones.get(desk)?.close();
    phones.delete(desk);
    const hz = toneOf.get(desk) ?? tones[toneOf.size % tones.length] ?? tones[0];
    toneOf.set(desk, hz);
    const phone = await openBaresip(desk, await desk.account(), hz, { port: 5060, place: desk });
    phones.set(desk, phone);
    await phone.registered();
    return phone;
  }

  async function hears(listener: Desk, speaker: Desk): Promise<void> {
    const hz = toneOf.get(speaker) ?? 0;
    await until(
      `${listener.device} hears ${hz} Hz`,
      async () => {
        const samples = await phoneAt(listener)
          .heard()
          .catch(() => new Int16Array());
        return samples.length > 8_000 && shareOfTone(samples, hz) > 0.5;
      },
      10_000,
    );
  }

  async function isAt({ device }: Desk, extension: string): Promise<boolean> {
    const { items } = await world.hotdesk(['session', 'list']);
    const sessions = items as { device: string; extension: string }[];
    return sessions.some((session) => session.device === device && session.extension === extension);
  }

  return {
    phoneAt,
    startPhone,
    async logIn(desk, { extension, pin }) {
      // As a person would: on a busy machine a digit is lost now and then.
      for (let tries = 0; tries < maxLogins; tries++) {
        const phone = await startPhone(desk);
        await phone.command('dial', `*77*${extension}*`);
        await phone.saw('CALL_ESTABLISHED');
        await phone.press(`${pin}#`);
        const isOver = () => phone.events.some(({ type }) => type === 'CALL_CLOSED');
        await until('the login call is over', async () => isOver() || (await isAt(desk, extension)), 15_000);
        if (!(await isAt(desk, extension))) continue;
        await startPhone(desk);
        return;
      }
      throw new Error(`${extension} could not log in at ${desk.device}`);
    },
    async call(from, to, number) {
      const [caller, called] = [phoneAt(from), phoneAt(to)];
      const before = [caller.events.length, called.events.length] as const;
      await caller.command('dial', number);
      await called.saw('CALL_INCOMING', before[1]);
      await called.command('accept');
      await caller.saw('CALL_ESTABLISHED', before[0]);
      await called.saw('CALL_ESTABLISHED', before[1]);
    },
    async bothHear(one, two) {
      await hears(one, two);
      await hears(two, one);
    },
    async hangUp(by, other) {
      const before = phoneAt(other).events.length;
      await phoneAt(by).command('hangup');
      await phoneAt(other).saw('CALL_CLOSED', before);
    },
    async measure(one, two, packets) {
      const captures = await Promise.all([capture(one), capture(two)]);
      const last = async () => (await world.calls())[0]?.streams.map((stream) => stream.packets) ?? [0];
      const stop = () => Promise.all([captures[0].stop(), captures[1].stop()]);
      try {
        // An agent tells of joined streams every 5 s only, of all that went before too: so from one word to a later one.
        let passed = Math.min(...(await last()));
        for (const more of [1, packets]) {
          const enough = passed + more;
          await until(
            `${more} packets each way`,
            async () => {
              passed = Math.min(...(await last()));
              return passed >= enough;
            },
            10_000 + more * 40,
          );
        }
      } catch (error) {
        await stop();
        throw error;
      }
      const [atOne, atTwo] = await stop();
      const sources = (seen: typeof atOne, { address }: Desk) => [
        ...new Set(seen.filter(({ to }) => to === address).map(({ from }) => from)),
      ];
      return {
        there: compare(atOne, atTwo, one),
        back: compare(atTwo, atOne, two),
        sources: { one: sources(atOne, one), two: sources(atTwo, two) },
      };
    },
    async close() {
      for (const phone of phones.values()) await phone.close();
    },
  };
}
