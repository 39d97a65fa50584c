/** Three desks: 100 at HD0001 and 101 at HD0002 in the north, 102 at HD0003 in the south; all registered. */

import type { SipMessage } from '#protocol/sip/message.ts';
import { createWorld, flowAt, type Phone, type World } from './world.ts';

export type Office = { world: World; a: Phone; b: Phone; c: Phone };
/** An answered call: the INVITE as sent and as received, and its 200. */
export type Call = { invite: SipMessage; got: SipMessage; ok: SipMessage };

export function openOffice(): Office {
  const world = createWorld();
  const a = world.phone('HD0001', flowAt('north', 11));
  const b = world.phone('HD0002', flowAt('north', 12));
  const c = world.phone('HD0003', flowAt('south', 31));
  for (const phone of [a, b, c]) phone.register();
  world.login('HD0001', '100');
  world.login('HD0002', '101');
  world.login('HD0003', '102');
  return { world, a, b, c };
}

export function connect(from: Phone, to: Phone, number: string): Call {
  const invite = from.call(number);
  const got = to.take();
  to.answer(got, 200);
  const ok = from.take();
  from.send(from.asCaller('ACK', invite, ok));
  to.take();
  return { invite, got, ok };
}

export const tagOf = (message: SipMessage, end: 'from' | 'to') => message[end].params.get('tag') ?? '';

/** CANCEL of an INVITE, as its sender makes it. */
export function cancelOf(phone: Phone, invite: SipMessage): SipMessage {
  const cancel = phone.ackTo(invite, invite);
  const uri = invite.start.type === 'request' ? invite.start.uri : '';
  cancel.start = { type: 'request', method: 'CANCEL', uri };
  cancel.set('CSeq', `${invite.cseq.number} CANCEL`);
  return cancel;
}

export const statusOf = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);
