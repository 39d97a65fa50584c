import * as assert from 'uvu/assert';
import { createResponder, type ResponderOptions } from '#agent/pnp/responder.ts';
import type { HostPort } from '#protocol/address.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';
import { silent } from '#test/agent/fake-tunnel.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { shapes } from './phones.ts';

const phone: HostPort = { address: '192.0.2.77', port: 5_080 };
const local: HostPort = { address: '192.0.2.10', port: 40_000 };
const [shape] = shapes;
const mac = shape?.mac ?? '';
const url = 'http://192.0.2.10:8080/p/AAAAAAAAAAAAAAAAAAAAAA/';
const ask = (callId = 'a@phone', at = phone) => Buffer.from(shape?.text(at, callId) ?? '', 'latin1');
const answer = (status: number, callId = 'a@phone') =>
  Buffer.from(`SIP/2.0 ${status} So\r\nCall-ID: ${callId}\r\nCSeq: 1 NOTIFY\r\n\r\n`);

function open(options: Partial<ResponderOptions> = {}) {
  const clock = createFakeClock();
  const sent: { text: string; remote: HostPort }[] = [];
  const told: ControlMessage[] = [];
  let tags = 0;
  const responder = createResponder({
    clock,
    log: silent,
    localFor: (address) => (address.startsWith('192.0.2.') ? local : undefined),
    send: (_, remote, bytes) => sent.push({ text: Buffer.from(bytes).toString(), remote }),
    tell: (message) => told.push(message),
    macOf: () => Promise.resolve(mac),
    random: () => `tag${++tags}`,
    ...options,
  });
  responder.isWanted = true;
  const notifies = () => sent.filter(({ text }) => text.startsWith('NOTIFY')).length;
  return { clock, sent, told, responder, notifies };
}

/** What was started by a timer has looked into the neighbour table. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('PnP', (test) => {
  test('a phone is told of, and not answered before it is offered something', () => {
    const { responder, sent, told } = open();
    responder.receive(ask(), phone);
    assert.equal(told, [
      {
        type: 'heard',
        ...{ mac, by: 'pnp', remote: phone },
        ...{ vendor: 'Grandstream', model: 'GRP2612W', version: '1.0.5.99' },
      },
    ]);
    assert.equal(sent, []);
  });

  test('200, then NOTIFY until it is answered', async () => {
    const { responder, sent, clock, notifies } = open();
    responder.receive(ask(), phone);
    responder.offer({ type: 'offer', mac, url });
    assert.match(sent[0]?.text ?? '', /^SIP\/2\.0 200 OK\r\n/);
    assert.equal(sent[0]?.remote, phone);
    for (const ms of [50, 500, 1_000]) {
      clock.advance(ms);
      await settle();
    }
    assert.is(notifies(), 3);
    assert.match(sent.at(-1)?.text ?? '', url);
    responder.receiveAnswer(answer(200), phone);
    clock.advance(60_000);
    await settle();
    assert.is(notifies(), 3);
    assert.is(responder.counters.accepted, 1);
  });

  test('a phone that does not answer is given up, and may ask again', async () => {
    const { responder, clock, notifies, told } = open();
    responder.receive(ask(), phone);
    responder.offer({ type: 'offer', mac, url });
    for (let n = 0; n < 12; n++) {
      clock.advance(4_000);
      await settle();
    }
    assert.is(notifies(), 6);
    assert.is(responder.counters.unanswered, 1);
    assert.is(clock.pending(), 0);
    responder.receive(ask('b@phone'), phone);
    assert.is(told.length, 2);
  });

  test('a repeated SUBSCRIBE gets the same 200 again and nothing else', () => {
    const { responder, sent, told } = open();
    responder.receive(ask(), phone);
    responder.receive(ask(), phone);
    assert.is(sent.length, 0);
    responder.offer({ type: 'offer', mac, url });
    responder.receive(ask(), phone);
    assert.is(sent.length, 2);
    assert.is(sent[1]?.text, sent[0]?.text);
    assert.is(told.length, 1);
    assert.is(responder.counters.repeated, 2);
  });

  test('once a boot: who was served rests, and later asks anew', async () => {
    const { responder, clock, told } = open();
    responder.receive(ask(), phone);
    responder.offer({ type: 'offer', mac, url });
    clock.advance(50);
    await settle();
    responder.receiveAnswer(answer(200), phone);
    responder.receive(ask('b@phone'), phone);
    assert.is(responder.counters.resting, 1);
    clock.advance(20_000);
    responder.receive(ask('c@phone'), phone);
    assert.is(told.length, 2);
  });

  test('the URL does not go to a neighbour with another MAC', async () => {
    const { responder, clock, sent } = open({ macOf: () => Promise.resolve('00aabbccddee') });
    responder.receive(ask(), phone);
    responder.offer({ type: 'offer', mac, url });
    clock.advance(50);
    await settle();
    clock.advance(60_000);
    await settle();
    assert.is(responder.counters.wrongMac, 1);
    assert.not.match(sent.map(({ text }) => text).join(''), /NOTIFY|\/p\//);
  });

  test('nor to one that is not in the table yet, until it is', async () => {
    let found: string | undefined;
    const { responder, clock, notifies } = open({ macOf: () => Promise.resolve(found) });
    responder.receive(ask(), phone);
    responder.offer({ type: 'offer', mac, url });
    clock.advance(50);
    await settle();
    assert.is(notifies(), 0);
    found = mac;
    clock.advance(500);
    await until('the NOTIFY', () => notifies() === 1);
    responder.close();
  });

  test('what is no neighbour, or loopback from outside, is not heard', () => {
    const { responder, told } = open({
      localFor: (address) => (address === '198.51.100.1' ? undefined : local),
    });
    responder.receive(ask(), { ...phone, address: '198.51.100.1' });
    responder.receive(ask(), { ...phone, address: '127.0.0.1' });
    responder.receive(ask(), { ...phone, port: 0 });
    assert.is(responder.counters.notNeighbour, 3);
    assert.equal(told, []);
  });

  test('a controller that did not say that it listens is not told', () => {
    const { responder, told } = open();
    responder.isWanted = false;
    responder.receive(ask(), phone);
    assert.equal(told, []);
    assert.is(responder.counters.notWanted, 1);
  });

  test('one source, and all of them together, are limited; what is remembered is bounded', () => {
    const { responder, told, clock } = open({ maxAsking: 4 });
    for (let n = 0; n < 100; n++) responder.receive(ask(`${n}@phone`), phone);
    assert.is(told.length, 16);
    for (let n = 0; n < 1_000; n++) {
      const digits = n.toString(16).padStart(12, '0');
      const text = ask('x@phone').toString('latin1').replaceAll(mac.toUpperCase(), digits);
      responder.receive(Buffer.from(text, 'latin1'), { ...phone, address: `192.0.2.${1 + (n % 200)}` });
    }
    assert.is(told.length, 100);
    responder.offer({ type: 'offer', mac: '000000000001', url });
    assert.is(responder.counters.late, 1, 'long forgotten');
    assert.is(clock.pending(), 0);
  });

  test('an offer that comes late, twice or for nobody does nothing', () => {
    const { responder, sent, clock } = open();
    responder.offer({ type: 'offer', mac, url });
    responder.receive(ask(), phone);
    clock.advance(33_000);
    responder.offer({ type: 'offer', mac, url });
    assert.is(responder.counters.late, 2);
    assert.equal(sent, []);
  });

  test('an answer of somebody else, or to something else, does not count', async () => {
    const { responder, clock } = open();
    responder.receive(ask(), phone);
    responder.offer({ type: 'offer', mac, url });
    clock.advance(50);
    await settle();
    responder.receiveAnswer(answer(200), { ...phone, address: '192.0.2.78' });
    responder.receiveAnswer(answer(200, 'z@phone'), phone);
    responder.receiveAnswer(Buffer.from('junk'), phone);
    responder.receiveAnswer(answer(100), phone);
    assert.is(responder.counters.accepted, 0);
    responder.receiveAnswer(answer(481), phone);
    assert.is(responder.counters.refused, 1);
  });

  test('the controller asks who is at an address: the neighbour table says', async () => {
    const { responder, told } = open({
      macOf: async (address) => (address === phone.address ? mac : undefined),
    });
    responder.isWanted = false; // it is asked for
    await responder.who({ type: 'who', remote: phone, vendor: 'yealink', model: 'T46S' });
    await responder.who({ type: 'who', remote: { address: '198.51.100.7', port: 5_060 } });
    assert.equal(told, [{ type: 'heard', mac, by: 'sip', remote: phone, vendor: 'yealink', model: 'T46S' }]);
  });

  test('who is at an address is not looked up without end', async () => {
    const { responder, told } = open();
    for (let n = 0; n < 60; n++) await responder.who({ type: 'who', remote: phone });
    assert.equal([told.length, responder.counters.overRate], [50, 10]);
  });
});
