/**
 * Phones that send SIP and are nobody's, on their way to the list of unknown ones.
 *
 *     its MAC is said, or is its user name    it is heard
 *     else                                    its agent is asked for the MAC at that address
 *
 * Such a phone asks again and again: it is looked at once a minute.
 */

import type { HeardPhone, SaidOfPhone, SipStranger } from '#controller/model/ports.ts';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { makerOf } from './makes.ts';
import { modelSaying } from './models.ts';

export type SipStrangersOptions = {
  heard(phone: HeardPhone): unknown;
  /** Asks the agent for the MAC at an address of its LAN. */
  who(agent: string, remote: HostPort, said: SaidOfPhone): void;
  clock: Pick<Clock, 'now'>;
  maxAddresses?: number;
};

const restMs = 60_000;
const maxWord = 64;

export function createSipStrangers({ heard, who, clock, maxAddresses = 1_000 }: SipStrangersOptions) {
  const counters = { strangers: 0, askedFor: 0 };
  /** When it was looked at; the oldest first. */
  const seen = new Map<string, number>();

  function isResting(place: string): boolean {
    const since = seen.get(place);
    if (since !== undefined && clock.now() - since < restMs) return true;
    seen.delete(place);
    seen.set(place, clock.now());
    const [oldest] = seen.keys();
    if (seen.size > maxAddresses && oldest !== undefined) seen.delete(oldest);
    return false;
  }

  return {
    counters: counters as Readonly<typeof counters>,
    take({ flow: { agent, site, remote }, userAgent, user, mac: saidMac }: SipStranger): void {
      const mac = saidMac ?? macOfUser(user);
      // Behind one address may be several phones, which only their MACs tell apart.
      if (isResting(`${agent} ${remote.address} ${mac ?? ''}`)) return;
      counters.strangers++;
      const said = describe(userAgent);
      if (mac !== undefined) heard({ agent, site, mac, ...said, by: 'sip', remote });
      else {
        counters.askedFor++;
        who(agent, remote, said);
      }
    },
  };
}

/** Twelve digits may be a number that is called: only an address of a maker of phones is taken for one. */
function macOfUser(user: string): string | undefined {
  const mac = user.toLowerCase();
  return /^[0-9a-f]{12}$/.test(mac) && makerOf(mac) !== undefined ? mac : undefined;
}

function describe(userAgent: string): SaidOfPhone {
  const model = modelSaying(userAgent);
  const plain = userAgent.replace(/[^\x20-\x7e]/g, '').trim();
  const version = /(?:^|[ /])(\d{1,5}(?:\.\d{1,5}){1,4})(?= |$)/.exec(plain)?.[1];
  const name = model?.model ?? plain.slice(0, maxWord);
  return {
    ...(model !== undefined && { vendor: model.vendor }),
    ...(name !== '' && { model: name }),
    ...(version !== undefined && { version }),
  };
}
