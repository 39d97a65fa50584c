/** Ways out: several routes in turn, what the INVITE says of the device, and where a place goes with it. */

import * as assert from 'uvu/assert';
import { checkPidfLo } from '#controller/emergency/pidf-lo.ts';
import type { Device, Site } from '#controller/model/model.ts';
import { readParts } from '#controller/sip/b2bua.ts';
import type { SipCoreOptions } from '#controller/sip/core.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import { describe } from '#test/support/describe.ts';
import { createWorld, flowAt, type Phone, type World } from './world.ts';

const address = { country: 'DE', A3: 'Berlin', PC: '10115', RD: 'Invalidenstraße', HNO: '116' } as const;
const numbers = { callerId: '+4930123450', callbackNumber: '+4930123451' } as const;

type Options = { site?: Partial<Site>; place?: Device['place']; core?: Partial<SipCoreOptions> };

/** HD0001 at north; the gateway, and behind `upstream pbx` another address that stands for one. */
function start({ site = {}, place, core = {} }: Options = {}) {
  const other = { ...flowAt('north', 0), remote: { address: '192.0.2.201', port: 5060 } };
  const world = createWorld({
    exitsTo: (upstream, number) =>
      upstream === 'pbx' ? [{ peer: { type: 'flow', flow: other }, uri: `sip:${number}@192.0.2.201` }] : [],
    ...core,
  });
  change(world, site, place);
  const phone = world.phone('HD0001', flowAt('north', 11));
  const gateway = world.phone('gateway', { ...flowAt('north', 0), remote: world.gateway });
  const pbx = world.phone('pbx', other);
  phone.register();
  return { world, phone, gateway, pbx };
}

function change({ store }: World, more: Partial<Site>, place: Device['place']): void {
  const [site, device] = [store.get('sites', 'north'), store.get('devices', 'HD0001')];
  assert.ok(site !== undefined && device !== undefined);
  store.note([
    { type: 'put', collection: 'sites', value: { ...site, ...more } },
    { type: 'put', collection: 'devices', value: { ...device, ...(place && { place }) } },
  ]);
}

const help = (phone: Phone) =>
  phone.build('INVITE', {
    uri: 'sip:112@192.0.2.1:5060',
    headers: [
      ['Content-Type', 'application/sdp'],
      ['Geolocation', '<https://evil>'],
      ['Privacy', 'id'],
    ],
    body: 'v=0\r\n',
  });

const both: Site['emergencyRoutes'] = [
  { type: 'gateway', location: 'none' },
  { type: 'upstream', upstream: 'pbx', location: 'none' },
];

describe('ways out', (test) => {
  for (const status of [403, 404, 486, 500, 503, 600]) {
    test(`${status} from the first leads to the second`, () => {
      const { phone, gateway, pbx, world } = start({ site: { emergencyRoutes: both } });
      phone.send(help(phone));
      gateway.answer(gateway.take(), status);
      const got = pbx.take();
      pbx.answer(got, 180);
      pbx.answer(got, 200);
      assert.is(phone.heard(), '180 200');
      assert.is(world.core.emergency.list.list()[0]?.route, 'upstream pbx, location: none');
    });
  }

  test('silence for 2.5 s leads to the second; the first may still answer', () => {
    const { phone, gateway, pbx, world } = start({ site: { emergencyRoutes: both } });
    const invite = phone.send(help(phone));
    world.clock.advance(2_499);
    assert.is(pbx.heard(), '');
    world.clock.advance(1);
    assert.is(pbx.heard(), 'INVITE');
    const first = gateway.take();
    gateway.answer(first, 200);
    phone.heard();
    phone.send(phone.asCaller('ACK', invite, gateway.answer(first, 200)));
    assert.match(gateway.heard(), /ACK/);
    assert.is(world.core.emergency.list.list()[0]?.state, 'answered');
  });

  test('a way that says 100 has its time, but not for ever', () => {
    const { phone, gateway, pbx, world } = start({ site: { emergencyRoutes: both } });
    phone.send(help(phone));
    gateway.answer(gateway.take(), 100);
    world.clock.advance(14_999);
    assert.is(pbx.heard(), '');
    world.clock.advance(1);
    assert.is(pbx.heard(), 'INVITE');
    assert.is(gateway.heard(), 'CANCEL');
  });

  test('an agent that is away, an upstream nobody knows: the next at once', () => {
    const { phone, pbx, world } = start({
      site: { emergencyRoutes: [{ type: 'upstream', upstream: 'gone', location: 'none' }, ...both] },
    });
    world.down.add(`${'a'.repeat(16)} udp 192.0.2.1:5060 192.0.2.200:5080`);
    phone.send(help(phone));
    world.clock.advance(0);
    assert.is(pbx.heard(), 'INVITE');
  });

  test('CANCEL ends it, and no further way is tried', () => {
    const { phone, gateway, pbx, world } = start({ site: { emergencyRoutes: both } });
    const invite = phone.send(help(phone));
    const got = gateway.take();
    gateway.answer(got, 180);
    const cancel = phone.ackTo(invite, phone.take());
    cancel.start = { type: 'request', method: 'CANCEL', uri: 'sip:112@192.0.2.1:5060' };
    cancel.set('CSeq', `${invite.cseq.number} CANCEL`);
    phone.send(cancel);
    assert.is(gateway.heard(), 'CANCEL');
    gateway.answer(got, 487);
    assert.is(phone.heard(), '200 487');
    world.clock.advance(60_000);
    assert.is(pbx.heard(), '');
    assert.is(world.core.emergency.list.list()[0]?.state, 'cancelled');
  });

  test('the second dialog has numbers of its own, both ways, also after a restart', () => {
    const { phone, gateway, pbx, world } = start({ site: { emergencyRoutes: both, place: numbers } });
    const invite = phone.send(help(phone));
    gateway.answer(gateway.take(), 503);
    const got = pbx.take();
    assert.is(got.cseq.number, invite.cseq.number + 1);
    const contact = parseNameAddr(got.get('Contact') ?? '').uri;
    assert.match(contact, /^sip:\+4930123451@192\.0\.2\.1:5060;hd=/);
    pbx.answer(got, 183, [['RSeq', '7']]);
    const early = phone.take();
    phone.send(phone.asCaller('PRACK', invite, early, [['RAck', `7 ${invite.cseq.number} INVITE`]]));
    const prack = pbx.take();
    assert.equal(
      [prack.cseq.number, prack.get('RAck')],
      [invite.cseq.number + 2, `7 ${invite.cseq.number + 1} INVITE`],
    );
    pbx.answer(prack, 200);
    assert.is(phone.take().cseq.number, invite.cseq.number + 1);

    pbx.answer(got, 200);
    const ok = phone.take();
    assert.is(ok.cseq.number, invite.cseq.number);
    world.restart();
    phone.send(phone.asCaller('ACK', invite, ok));
    assert.is(pbx.take().cseq.number, invite.cseq.number + 1);
    const again = phone.send(phone.asCaller('INVITE', invite, ok));
    const reinvite = pbx.take();
    assert.is(reinvite.cseq.number, again.cseq.number + 1);
    assert.is(reinvite.from.uri, 'sip:+4930123450@192.0.2.1:5060');
    assert.match(reinvite.get('Contact') ?? '', /^<sip:\+4930123451@/);
    // The gateway speaks to the Contact that it was given; the phone hears its own.
    const update = pbx.asCallee('UPDATE', got);
    pbx.send(update);
    const heard = phone.take();
    assert.is(heard.start.type === 'request' && heard.start.uri, phone.contact);
    phone.answer(heard, 200);
    assert.match(pbx.take().get('Contact') ?? '', /^<sip:\+4930123451@/);
    pbx.send(pbx.asCallee('BYE', got));
    assert.is(phone.heard(), 'BYE');
  });
});

describe('an emergency INVITE', (test) => {
  test("has the place's numbers, never the user's", () => {
    const { world, phone, gateway } = start({ site: { place: { ...address, ...numbers } } });
    world.login('HD0001', '100');
    phone.send(help(phone));
    const got = gateway.take();
    assert.equal(
      [got.from.uri, got.get('P-Asserted-Identity'), got.get('Geolocation'), got.get('Privacy')],
      ['sip:+4930123450@192.0.2.1:5060', '"HD0001" <sip:+4930123450@192.0.2.1:5060>', undefined, undefined],
    );
    assert.not.match(Buffer.from(JSON.stringify(got.fields())).toString(), /Ädams|sip:100@/);
  });

  test('carries the place by value, beside the SDP', () => {
    const { phone, gateway } = start({
      site: { emergencyRoutes: [{ type: 'gateway', location: 'value' }], place: { ...address, floor: '1' } },
      place: { floor: '2', room: '2.14 <&>' },
    });
    phone.send(help(phone));
    const got = gateway.take();
    const [sdp, pidf, ...rest] = readParts(got) ?? [];
    assert.equal(
      [sdp?.type, Buffer.from(sdp?.body ?? []).toString(), rest],
      ['application/sdp', 'v=0\r\n', []],
    );
    assert.is(got.get('Geolocation'), `<cid:${pidf?.id}>`);
    assert.is(got.get('Geolocation-Routing'), 'yes');
    assert.ok(got.getAll('Supported').includes('geolocation'));
    const text = Buffer.from(pidf?.body ?? []).toString();
    assert.is(checkPidfLo(text), undefined);
    assert.match(text, /<ca:FLR>2<\/ca:FLR>[\s\S]*<ca:ROOM>2\.14 &lt;&amp;&gt;<\/ca:ROOM>/);
    assert.match(text, /mac:000000000001/);
  });

  test('goes again without the place to who cannot read it, with the next number', () => {
    for (const status of [400, 415, 424, 488, 500]) {
      const { phone, gateway } = start({
        site: { emergencyRoutes: [{ type: 'gateway', location: 'value' }], place: address },
      });
      phone.send(help(phone));
      const first = gateway.take();
      gateway.answer(first, status);
      assert.is(gateway.take().method, 'ACK');
      const second = gateway.take();
      assert.equal(
        [second.get('Content-Type'), second.get('Geolocation'), second.cseq.number - first.cseq.number],
        ['application/sdp', undefined, 1],
      );
      gateway.answer(second, 200);
      assert.is(phone.heard(), '200');
    }
  });

  test('has no place when there is no whole address', () => {
    const { phone, gateway } = start({
      site: { emergencyRoutes: [{ type: 'gateway', location: 'value' }], place: { A3: 'Berlin' } },
    });
    phone.send(help(phone));
    assert.is(gateway.take().get('Geolocation'), undefined);
  });

  test('carries the place by reference only where that was configured', () => {
    for (const locationUrl of [undefined, (id: string) => `https://hd.example/${id}`]) {
      const { phone, gateway } = start({
        site: { emergencyRoutes: [{ type: 'gateway', location: 'reference' }], place: address },
        core: locationUrl === undefined ? {} : { locationUrl },
      });
      phone.send(help(phone));
      assert.is(gateway.take().get('Geolocation'), locationUrl && '<https://hd.example/HD0001>');
    }
  });
});

describe('a call-back', (test) => {
  const ring = (gateway: Phone, user: string) =>
    gateway.send(gateway.build('INVITE', { uri: `sip:${user}@192.0.2.1`, from: 'sip:112@x' }));

  // biome-ignore format: a table
  const rows: { name: string; called: boolean; after: number; user: string; rings: boolean }[] = [
    { name: 'to its number rings the device that called',     called: true,  after: 0,         user: '+4930123451',  rings: true },
    { name: 'in national form too',                           called: true,  after: 0,         user: '030123451',    rings: true },
    { name: 'for an hour',                                    called: true,  after: 3_599_000, user: '+4930123451',  rings: true },
    { name: 'and no longer',                                  called: true,  after: 3_601_000, user: '+4930123451',  rings: false },
    { name: 'to a number nobody called from is refused',      called: false, after: 0,         user: '+4930123451',  rings: false },
    { name: 'to the device itself always rings',              called: false, after: 0,         user: 'HD0001',       rings: true },
  ];
  for (const { name, called, after, user, rings } of rows) {
    test(name, () => {
      const { world, phone, gateway } = start({ site: { place: numbers } });
      if (called) {
        phone.send(help(phone));
        gateway.answer(gateway.take(), 486);
        world.restart(); // the list is in the store
      }
      world.clock.advance(after);
      phone.register({ expires: 3_600 });
      phone.heard();
      gateway.heard();
      ring(gateway, user);
      assert.equal([phone.heard(), gateway.heard()], rings ? ['INVITE', ''] : ['', '403']);
    });
  }
});

describe('the emergency test number', (test) => {
  const testing: Partial<Site> = {
    emergencyTestNumber: '99112',
    emergencyRoutes: [{ type: 'gateway', location: 'value' }],
    place: { ...address, ...numbers },
  };
  const dial = (phone: Phone) => phone.ask(phone.build('INVITE', { uri: 'sip:99112@192.0.2.1:5060' }));
  const tick = async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };

  for (const [status, prompt] of [
    [200, 'testPassed'],
    [405, 'testPassed'],
    [503, 'testFailed'],
  ] as const) {
    test(`asks the gateway, calls nobody, and ${status} is ${prompt}`, async () => {
      const { world, phone, gateway } = start({ site: testing });
      dial(phone);
      await tick();
      const got = gateway.take();
      assert.equal([got.method, gateway.heard()], ['OPTIONS', '']);
      assert.is(got.from.uri, 'sip:+4930123450@192.0.2.1:5060');
      gateway.answer(got, status);
      await tick();
      assert.equal(world.told.expected[0]?.call.request, { type: 'say', prompt });
      assert.is(world.core.emergency.list.list().length, 0);
    });
  }

  test('fails in words where the place is half, or nobody answers', async () => {
    const { world, gateway } = start({ site: { ...testing, place: { country: 'DE' } } });
    const site = world.store.get('sites', 'north');
    assert.ok(site !== undefined);
    const report = world.core.emergency.tests.test(site);
    await tick();
    assert.is(gateway.take().method, 'OPTIONS');
    world.clock.advance(3_000);
    const { ok, device, steps } = await report;
    assert.equal([ok, device], [false, 'HD0001']);
    assert.equal(
      steps.filter((step) => !step.ok).map(({ step, detail }) => `${step}: ${detail}`),
      ['place: no road (RD) and no landmark (LMK)', 'answer: no answer in 3000 ms'],
    );
  });
});
