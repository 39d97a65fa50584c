/**
 * The four transaction machines, whole lives as rows. In `life`, a number is a
 * response (to a client: received; to a server: given by its user), a name is
 * that event, anything else the timer that fires. `does` has the effects of the
 * beginning and of each event, separated by |. `A=500` starts a timer, `-A`
 * stops it, `up` is given to the user, `!done` is the end and why.
 */

import * as assert from 'uvu/assert';
import { inviteClient } from '#protocol/sip/invite-client.ts';
import { inviteServer } from '#protocol/sip/invite-server.ts';
import type { Effect, Event, Machine, TimerName, Timing } from '#protocol/sip/machine.ts';
import { nonInviteClient } from '#protocol/sip/non-invite-client.ts';
import { nonInviteServer } from '#protocol/sip/non-invite-server.ts';
import { describe } from '#test/support/describe.ts';

type Row = { name: string; isReliable?: boolean; life: string; does: string; is: string };

const stops = '-A -B -C -cancelled';

// biome-ignore format: a table
const inviteClients: Row[] = [
  { name: 'answered',                  life: '100 180 200',        does: `send B=32000 A=500 | -A -B C=200000 up | C=200000 up | ${stops} M=32000 up`, is: 'accepted' },
  { name: 'answered at once',          life: '200 M',              does: `send B=32000 A=500 | ${stops} M=32000 up | !done`, is: 'ended' },
  { name: 'a 2xx again, and of a fork', life: '200 200 200 180 486', does: `send B=32000 A=500 | ${stops} M=32000 up | up | up | | `, is: 'accepted' },
  { name: 'refused',                   life: '486 486 D',          does: `send B=32000 A=500 | ${stops} ack up D=32000 | ack | !done`, is: 'ended' },
  { name: 'refused after ringing',     life: '180 603',            does: `send B=32000 A=500 | -A -B C=200000 up | ${stops} ack up D=32000`, is: 'completed' },
  { name: 'nothing after a refusal',   life: '486 180 200',        does: `send B=32000 A=500 | ${stops} ack up D=32000 | | `, is: 'completed' },
  { name: 'refused, reliable',         life: '486', isReliable: true, does: `send B=32000 | ${stops} ack up !done`, is: 'ended' },
  { name: 'answered, reliable',        life: '180 200', isReliable: true, does: `send B=32000 | -A -B C=200000 up | ${stops} M=32000 up`, is: 'accepted' },
  { name: 'never answered',            life: 'A A A A B',          does: 'send B=32000 A=500 | send A=1000 | send A=2000 | send A=4000 | send A=8000 | !timeout', is: 'ended' },
  { name: 'rings for ever',            life: '180 C cancelled',    does: 'send B=32000 A=500 | -A -B C=200000 up | -C cancel cancelled=32000 | !timeout', is: 'ended' },
  { name: '100 is no sign of life',    life: '100 100',            does: 'send B=32000 A=500 | -A -B C=200000 up | up', is: 'proceeding' },
  { name: 'cancelled while ringing',   life: '180 cancel 487',     does: `send B=32000 A=500 | -A -B C=200000 up | -C cancel cancelled=32000 | ${stops} ack up D=32000`, is: 'completed' },
  { name: 'cancelled twice',           life: '180 cancel cancel',  does: 'send B=32000 A=500 | -A -B C=200000 up | -C cancel cancelled=32000 | ', is: 'proceeding' },
  { name: 'cancelled too early',       life: 'cancel A 100 180',   does: 'send B=32000 A=500 | | send A=1000 | -A -B cancel cancelled=32000 up | up', is: 'proceeding' },
  { name: 'cancelled, never answered', life: 'cancel B',           does: 'send B=32000 A=500 | | !timeout', is: 'ended' },
  { name: 'cancelled, yet answered',   life: '180 cancel 200',     does: `send B=32000 A=500 | -A -B C=200000 up | -C cancel cancelled=32000 | ${stops} M=32000 up`, is: 'accepted' },
  { name: 'cancelled too late',        life: '200 cancel',         does: `send B=32000 A=500 | ${stops} M=32000 up | `, is: 'accepted' },
  { name: 'cannot be sent',            life: 'failed',             does: 'send B=32000 A=500 | !transport', is: 'ended' },
  { name: 'its ACK cannot be sent',    life: '486 failed',         does: `send B=32000 A=500 | ${stops} ack up D=32000 | !transport`, is: 'ended' },
  { name: 'a failure after a 2xx',     life: '200 failed',         does: `send B=32000 A=500 | ${stops} M=32000 up | `, is: 'accepted' },
  { name: 'nothing after its end',     life: 'B 200 A',            does: 'send B=32000 A=500 | !timeout | | ', is: 'ended' },
];

// biome-ignore format: a table
const inviteServers: Row[] = [
  { name: 'its user takes its time',   life: 'request trying request', does: 'trying=200 | | trying | send', is: 'proceeding' },
  { name: 'its user was first',        life: '180 trying request', does: 'trying=200 | -trying respond | | send', is: 'proceeding' },
  { name: 'answered',                  life: '200 request 200 ack L', does: 'trying=200 | -trying respond L=32000 | | respond | | !done', is: 'ended' },
  { name: 'a 2xx is not taken back',   life: '200 486 180',        does: 'trying=200 | -trying respond L=32000 | | ', is: 'accepted' },
  { name: 'refused',                   life: '486 request ack request I', does: 'trying=200 | -trying respond G=500 H=32000 | send | -G -H I=5000 | | !done', is: 'ended' },
  { name: 'refused, reliable',         life: '486 ack', isReliable: true, does: 'trying=200 | -trying respond H=32000 | -G -H !done', is: 'ended' },
  { name: 'a refusal nobody hears',    life: '486 G G G G G H',    does: 'trying=200 | -trying respond G=500 H=32000 | send G=1000 | send G=2000 | send G=4000 | send G=4000 | send G=4000 | !timeout', is: 'ended' },
  { name: 'a refusal is final',        life: '486 200 180',        does: 'trying=200 | -trying respond G=500 H=32000 | | ', is: 'completed' },
  { name: 'an ACK before its time',    life: 'ack',                does: 'trying=200 | ', is: 'proceeding' },
  { name: 'a refusal cannot be sent',  life: '486 failed',         does: 'trying=200 | -trying respond G=500 H=32000 | !transport', is: 'ended' },
  { name: 'a 180 cannot be sent',      life: '180 failed request', does: 'trying=200 | -trying respond | | send', is: 'proceeding' },
  { name: 'a 200 cannot be sent',      life: '200 failed 200',     does: 'trying=200 | -trying respond L=32000 | | respond', is: 'accepted' },
  { name: 'nothing after its end',     life: '200 L 200 request',  does: 'trying=200 | -trying respond L=32000 | !done | | ', is: 'ended' },
];

// biome-ignore format: a table
const nonInviteClients: Row[] = [
  { name: 'answered',                  life: '200 200 K',          does: 'send F=32000 E=500 | -E -F up K=5000 | | !done', is: 'ended' },
  { name: 'answered, reliable',        life: '200', isReliable: true, does: 'send F=32000 | -E -F up !done', is: 'ended' },
  { name: 'refused',                   life: '404',                does: 'send F=32000 E=500 | -E -F up K=5000', is: 'completed' },
  { name: 'answered after a while',    life: 'E 100 E 200',        does: 'send F=32000 E=500 | send E=1000 | up | send E=4000 | -E -F up K=5000', is: 'completed' },
  { name: 'never answered',            life: 'E E E E E F',        does: 'send F=32000 E=500 | send E=1000 | send E=2000 | send E=4000 | send E=4000 | send E=4000 | !timeout', is: 'ended' },
  { name: 'only ever provisional',     life: '100 183 F',          does: 'send F=32000 E=500 | up | up | !timeout', is: 'ended' },
  { name: 'cannot be sent',            life: 'failed',             does: 'send F=32000 E=500 | !transport', is: 'ended' },
  { name: 'a failure after its answer', life: '200 failed',        does: 'send F=32000 E=500 | -E -F up K=5000 | ', is: 'completed' },
  { name: 'is not cancelled',          life: '100 cancel',         does: 'send F=32000 E=500 | up | ', is: 'proceeding' },
  { name: 'nothing after its end',     life: 'F 200 E',            does: 'send F=32000 E=500 | !timeout | | ', is: 'ended' },
];

// biome-ignore format: a table
const nonInviteServers: Row[] = [
  { name: 'answered',                  life: '200 request J',      does: ' | respond J=32000 | send | !done', is: 'ended' },
  { name: 'answered, reliable',        life: '200', isReliable: true, does: ' | respond !done', is: 'ended' },
  { name: 'a repeat before an answer', life: 'request 404',        does: ' | | respond J=32000', is: 'completed' },
  { name: 'a provisional one first',   life: '100 request 183 200', does: ' | respond | send | respond | respond J=32000', is: 'completed' },
  { name: 'a second final one',        life: '200 404 request',    does: ' | respond J=32000 | | send', is: 'completed' },
  { name: 'its answer cannot be sent', life: '200 failed',         does: ' | respond J=32000 | !transport', is: 'ended' },
  { name: 'a 100 cannot be sent',      life: '100 failed',         does: ' | respond | !transport', is: 'ended' },
  { name: 'nothing after its end',     life: '200 J request 200',  does: ' | respond J=32000 | !done | | ', is: 'ended' },
];

suite('invite client', inviteClient, inviteClients, 'response');
suite('invite server', inviteServer, inviteServers, 'respond');
suite('non-invite client', nonInviteClient, nonInviteClients, 'response');
suite('non-invite server', nonInviteServer, nonInviteServers, 'respond');

function suite<State extends { type: string }>(
  subject: string,
  machine: Machine<State>,
  rows: Row[],
  number: 'response' | 'respond',
): void {
  describe(subject, (test) => {
    for (const { name, isReliable = false, life, does, is } of rows) {
      test(name, () => {
        const timing: Timing = { t1: 500, t2: 4_000, t4: 5_000, timerC: 200_000, isReliable };
        let { state, effects } = machine.begin(timing);
        const did = [effects.map(toText).join(' ')];
        for (const word of life.split(' ')) {
          ({ state, effects } = machine.step(state, toEvent(word, number), timing));
          did.push(effects.map(toText).join(' '));
        }
        assert.equal(
          did,
          does.split('|').map((each) => each.trim()),
        );
        assert.is(state.type, is);
      });
    }
  });
}

function toEvent(word: string, number: 'response' | 'respond'): Event {
  if (/^\d+$/.test(word)) return { type: number, status: Number(word) };
  if (word === 'request' || word === 'ack' || word === 'cancel' || word === 'failed') return { type: word };
  return { type: 'timer', timer: word as TimerName };
}

function toText(effect: Effect): string {
  if (effect.type === 'start') return `${effect.timer}=${effect.ms}`;
  if (effect.type === 'stop') return `-${effect.timer}`;
  if (effect.type === 'end') return `!${effect.why}`;
  return effect.type === 'deliver' ? 'up' : effect.type;
}
