/** Calls of two headless phones and a gateway over real sockets: set-up, sound both ways, hold, ends, refusals. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import * as assert from 'uvu/assert';
import type { PhoneEvent } from '#agent/phone/events.ts';
import { parseMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { configFor, openFiles, openRegistrar, patient, type Watched, watch } from './office.ts';

type Sound = Extract<PhoneEvent, { event: 'audio' }>;
type Two = { anna: Watched; bob: Watched };

/** Two phones that know no server; they call each other by whole URIs. */
async function betweenTwo(use: (two: Two) => Promise<void>): Promise<void> {
  const registrar = await openRegistrar();
  const config = (user: string) =>
    configFor(registrar, { 'account.1.user_name': user, 'account.1.display_name': `${user} Ünal` });
  const [annas, bobs] = ['805ec0000001', '805ec0000002'];
  const files = await openFiles({ [`${annas}.cfg`]: config('100'), [`${bobs}.cfg`]: config('101') });
  const open = (mac: string) => watch({ provisioning: { url: files.url, mac } });
  const [anna, bob] = [await open('805ec0000001'), await open('805ec0000002')];
  try {
    await anna.saw('registered');
    await bob.saw('registered');
    await use({ anna, bob });
  } finally {
    await Promise.all([anna.phone.close(), bob.phone.close()]);
    registrar.close();
    files.close();
  }
}

async function talking({ anna, bob }: Two): Promise<void> {
  assert.ok(anna.phone.call(bob.uri));
  await bob.saw('incoming');
  assert.ok(bob.phone.answer());
  await Promise.all([anna.saw('answered'), bob.saw('answered')]);
}

const names = ({ events }: Watched) => events.map(({ event }) => event).filter((event) => event !== 'audio');

describe('a call', (quick) => {
  const test = patient(quick);

  test('rings, is answered, sounds both ways, and ends', () =>
    betweenTwo(async (two) => {
      const { anna, bob } = two;
      assert.ok(anna.phone.call(bob.uri));
      const { from, display } = await bob.saw('incoming');
      assert.equal([from, display], ['100', '100 Ünal']);
      assert.is((await anna.saw('progress')).status, 180);
      bob.phone.answer();
      const [atAnna, atBob] = await Promise.all([anna.saw('answered'), bob.saw('answered')]);
      assert.match(atAnna.remoteMedia ?? '', /^127\.0\.0\.1:\d+$/);
      assert.is.not(atAnna.remoteMedia, atBob.remoteMedia);

      anna.phone.tone(440);
      bob.phone.tone(480);
      assert.is((await bob.saw('tone')).hz, 440);
      assert.is((await anna.saw('tone')).hz, 480);
      anna.phone.dtmf('17#');
      const digits = [await bob.saw('digit'), await bob.saw('digit'), await bob.saw('digit')];
      assert.is(digits.map(({ digit }) => digit).join(''), '17#');
      // Of the second in which it began there may be little; packets are counted from the beginning.
      const [packets, levelDb] = await until('a second of it', () => {
        const seconds = anna.events.filter((each): each is Sound => each.event === 'audio');
        const at = seconds.findIndex((each) => each.levelDb > -30);
        const [before, sound] = [seconds[at - 1], seconds[at]];
        return sound && ([sound.packets - (before?.packets ?? 0), sound.levelDb] as const);
      });
      assert.ok(packets > 0 && packets < 60, String(packets));
      assert.ok(levelDb < 0, String(levelDb));

      anna.phone.hangUp();
      assert.is((await anna.saw('ended')).by, 'us');
      assert.is((await bob.saw('ended')).by, 'them');
      assert.equal(names(anna).slice(-6), ['registered', 'calling', 'progress', 'answered', 'tone', 'ended']);
    }));

  test('is ended by who was called, and the next one works', () =>
    betweenTwo(async (two) => {
      const { anna, bob } = two;
      await talking(two);
      bob.phone.hangUp();
      assert.is((await anna.saw('ended')).by, 'them');
      await talking({ anna: bob, bob: anna });
    }));

  test('auto-answer', () =>
    betweenTwo(async ({ anna, bob }) => {
      bob.phone.autoAnswer(true);
      anna.phone.call(bob.uri);
      await anna.saw('answered');
    }));

  test('is refused by who is called', () =>
    betweenTwo(async ({ anna, bob }) => {
      anna.phone.call(bob.uri);
      await bob.saw('incoming');
      bob.phone.hangUp();
      const ended = await anna.saw('ended');
      assert.equal([ended.by, ended.status], ['refused', 486]);
      assert.is((await bob.saw('ended')).by, 'us');
    }));

  test('is given up before it is answered', () =>
    betweenTwo(async ({ anna, bob }) => {
      anna.phone.call(bob.uri);
      await bob.saw('incoming');
      await anna.saw('progress');
      anna.phone.hangUp();
      const [given, missed] = [await anna.saw('ended'), await bob.saw('ended')];
      assert.equal([given.by, given.status, missed.by, missed.status], ['us', 487, 'them', 487]);
    }));

  test('a second one is refused on either side', () =>
    betweenTwo(async (two) => {
      const { anna, bob } = two;
      await talking(two);
      assert.not.ok(anna.phone.call(bob.uri));
      const carol = await watch({});
      carol.phone.call(bob.uri);
      const ended = await carol.saw('ended');
      assert.equal([ended.by, ended.status], ['refused', 486]);
      await carol.phone.close();
    }));

  test('hold and resume', () =>
    betweenTwo(async (two) => {
      const { anna, bob } = two;
      await talking(two);
      bob.phone.tone(620);
      await anna.saw('tone');
      anna.phone.hold(true);
      const held = await bob.saw('hold');
      assert.equal([held.isHeld, held.direction], [true, 'recvonly']);
      anna.phone.hold(false);
      const resumed = await bob.saw('hold');
      assert.equal([resumed.isHeld, resumed.direction], [false, 'sendrecv']);
      anna.phone.hangUp();
      await bob.saw('ended');
    }));

  test('quitting in the middle of a call ends it for the other', () =>
    betweenTwo(async (two) => {
      await talking(two);
      await two.anna.phone.close();
      assert.is((await two.anna.saw('ended')).by, 'us');
      assert.is((await two.bob.saw('ended')).by, 'them');
    }));
});

describe('gateway', (quick) => {
  const test = patient(quick);

  test('answers every call, and says its tone', async () => {
    const gateway = await watch({ toneHz: 440 });
    const callers = [await watch({ toneHz: 1336 }), await watch({ toneHz: 1477 })];
    try {
      for (const { phone } of callers) phone.call(gateway.uri.replace('anyone', '112'));
      for (const caller of callers) assert.is((await caller.saw('tone')).hz, 440);
      const heard = [await gateway.saw('tone'), await gateway.saw('tone')];
      assert.equal(heard.map(({ hz }) => hz).sort(), [1336, 1477]);
      assert.equal(new Set(heard.map(({ call }) => call)).size, 2);
    } finally {
      for (const { phone } of [...callers, gateway]) await phone.close();
    }
    assert.is(gateway.events.filter(({ event }) => event === 'ended').length, 2);
  });

  test('nobody is at the other end', async () => {
    const caller = await watch({ timers: { t1: 20, t2: 80, t4: 100 } });
    caller.phone.call('sip:nobody@127.0.0.1:9');
    const ended = await caller.saw('ended');
    assert.equal([ended.by, ended.status], ['refused', 408]);
    await caller.phone.close();
  });

  test('an offer without sound that it can speak, and what is no SIP', async () => {
    const gateway = await watch({});
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const answers: number[] = [];
    socket.on('message', (bytes) => {
      const { start } = parseMessage(bytes);
      answers.push(start.type === 'response' ? start.status : 0);
    });
    const { port } = socket.address();
    const send = (text: string) => socket.send(text, gateway.phone.sip.port, gateway.phone.sip.address);
    send('hello');
    send('\r\n\r\n');
    const body =
      'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 18\r\n';
    send(
      [
        `INVITE sip:x@${gateway.phone.sip.address} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bKone;rport`,
        'From: <sip:a@127.0.0.1>;tag=a',
        'To: <sip:x@127.0.0.1>',
        'Call-ID: one',
        'CSeq: 1 INVITE',
        `Contact: <sip:a@127.0.0.1:${port}>`,
        'Max-Forwards: 70',
        'Content-Type: application/sdp',
        `Content-Length: ${body.length}`,
        '',
        body,
      ].join('\r\n'),
    );
    await until('488', () => answers.includes(488));
    await until(
      '488 again: UDP may have lost it',
      () => answers.filter((status) => status === 488).length > 1,
    );
    await gateway.phone.close();
    socket.close();
  });
});
