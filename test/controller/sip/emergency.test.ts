import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { createWorld, flowAt, type Phone, type World } from './world.ts';

function start(): { world: World; phone: Phone; gateway: Phone } {
  const world = createWorld();
  const phone = world.phone('HD0001', flowAt('north', 11));
  const gateway = world.phone('gateway', { ...flowAt('north', 0), remote: world.gateway });
  return { world, phone, gateway };
}

const help = (phone: Phone, number = '112') => phone.build('INVITE', { uri: `sip:${number}@192.0.2.1:5060` });

describe('an emergency call', (test) => {
  test('goes to the gateway as the device, whoever is logged in, without a digest', () => {
    const { world, phone, gateway } = start();
    phone.register();
    world.login('HD0001', '100');
    const invite = phone.send(help(phone));
    const got = gateway.take();
    assert.is(got.start.type === 'request' && got.start.uri, 'sip:112@192.0.2.200:5080');
    assert.is(got.from.uri, 'sip:HD0001@192.0.2.1:5060');
    assert.is(got.get('P-Asserted-Identity'), '"HD0001" <sip:HD0001@192.0.2.1:5060>');

    gateway.answer(got, 200);
    const ok = phone.take();
    phone.send(phone.asCaller('ACK', invite, ok));
    assert.is(gateway.heard(), 'ACK');
    world.restart();
    gateway.send(gateway.asCallee('BYE', got));
    assert.is(phone.heard(), 'BYE');
  });

  test('needs no binding that still lasts', () => {
    const { world, phone, gateway } = start();
    phone.register();
    phone.register({ expires: 0 });
    world.clock.advance(7_200_000);
    phone.send(help(phone));
    assert.is(gateway.heard(), 'INVITE');
    // From another port of the same address, as after a restart of the phone.
    world.phone('HD0001', flowAt('north', 11, 49_152)).send(help(phone));
    assert.is(gateway.heard(), 'INVITE');
  });

  test('needs no binding at all with a right digest, and one of the two', () => {
    const { phone, gateway } = start();
    phone.send(help(phone));
    assert.is(phone.heard(), '407');
    assert.is(gateway.heard(), '');
    phone.ask(help(phone));
    assert.is(gateway.heard(), 'INVITE');
  });

  test('with an escaped number is one', () => {
    const { phone, gateway } = start();
    phone.ask(help(phone, '%31%312'));
    assert.is(gateway.heard(), 'INVITE');
  });

  test('over IPv6 is one however the phone spells the agent’s address, and so is its gateway’s', () => {
    const { world, gateway } = start();
    const flow = flowAt('north', 11);
    const local = { address: '2001:db8::1', port: 5060 };
    const phone = world.phone('HD0001', { ...flow, local, remote: { address: '2001:db8::11', port: 5060 } });
    phone.ask(phone.build('INVITE', { uri: 'sip:112@[2001:DB8:0::0001]:5060' }));
    assert.is(gateway.heard(), 'INVITE');

    const { revision: _, ...site } = world.store.get('sites', 'north') ?? (undefined as never);
    const emergencyGateway = { address: '2001:DB8:0::00C8', port: 5080 };
    world.store.note([{ type: 'put', collection: 'sites', value: { ...site, emergencyGateway } }]);
    const six = { ...flow, local, remote: { address: '2001:db8::c8', port: 5080 } };
    const back = world.phone('gateway', six);
    back.send(back.build('INVITE', { uri: 'sip:HD0001@[2001:db8::1]' }));
    // Known, so not asked for a digest; the desk is not registered.
    assert.is(back.heard(), '480');
  });

  for (const service of ['urn:service:sos', 'URN:service:SOS.fire', 'urn:service:sos.animal-control']) {
    test(`is ${service}, which rings where the first number of the site does`, () => {
      const { phone, gateway } = start();
      const invite = phone.ask(phone.build('INVITE', { uri: service, to: service }));
      const got = gateway.take();
      assert.is(got.start.type === 'request' && got.start.uri, 'sip:112@192.0.2.200:5080');
      gateway.answer(got, 200);
      phone.send(phone.asCaller('ACK', invite, phone.take()));
      assert.is(gateway.heard(), 'ACK');
      gateway.send(gateway.asCallee('BYE', got));
      assert.is(phone.heard(), 'BYE');
    });
  }

  for (const service of [
    'urn:service:counseling',
    'urn:service:sosx',
    'urn:service:sos.',
    'urn:service:sos;x',
  ]) {
    test(`is not ${service}`, () => {
      const { phone, gateway } = start();
      phone.register();
      phone.ask(phone.build('INVITE', { uri: service, to: service }));
      assert.is(phone.heard(), '416');
      assert.is(gateway.heard(), '');
    });
  }

  for (const number of ['1120900123456', '0112', '112;x', '%23112', '911']) {
    test(`is not ${number}`, () => {
      const { phone, gateway } = start();
      phone.register();
      phone.ask(help(phone, number));
      assert.is(phone.heard(), '403');
      assert.is(gateway.heard(), '');
    });
  }

  test('is told by the voice only when there is no way', () => {
    const { world, phone } = start();
    const south = world.phone('HD0003', flowAt('south', 31));
    south.register();
    south.send(south.build('INVITE', { uri: 'sip:112@198.51.100.1' }));
    assert.equal(
      world.told.expected.map(({ call }) => [call.device, call.request]),
      [['HD0003', { type: 'say', prompt: 'noHelp' }]],
    );
    world.down.add(`${'a'.repeat(16)} udp 192.0.2.1:5060 192.0.2.200:5080`);
    phone.ask(help(phone));
    world.clock.advance(0);
    assert.is(world.told.expected.length, 2);
    assert.is(world.line.inbox.length, 2);
    assert.is(world.core.counters.emergencyFailed, 2);
    assert.equal(
      world.core.emergency.list.list().map(({ device, state }) => `${device} ${state}`),
      ['HD0001 failed', 'HD0003 failed'],
    );
  });

  test('goes through when everything else is full', () => {
    const world = createWorld({ maxTransactions: 1 });
    const phone = world.phone('HD0001', flowAt('north', 11));
    const gateway = world.phone('gateway', { ...flowAt('north', 0), remote: world.gateway });
    phone.register();
    phone.ask(phone.build('OPTIONS')); // its transaction lasts 32 s
    assert.is(phone.heard(), '200');
    phone.ask(phone.build('OPTIONS'));
    assert.is(phone.heard(), '503');
    phone.send(help(phone));
    assert.is(gateway.heard(), 'INVITE');
  });

  test('may not be used to have somebody else called', () => {
    const { phone, gateway } = start();
    const invite = phone.ask(help(phone));
    gateway.answer(gateway.take(), 200);
    phone.send(phone.asCaller('REFER', invite, phone.take(), [['Refer-To', '<sip:0900@x>']]));
    assert.is(phone.heard(), '403');
    assert.is(gateway.heard(), '');
  });
});

describe('the emergency gateway', (test) => {
  // biome-ignore format: a table
  const requests: { name: string; method: string; uri: string; hears: string; rings: string }[] = [
    { name: 'calls back the device',            method: 'INVITE',  uri: 'sip:HD0001@192.0.2.1', hears: '',    rings: 'INVITE' },
    { name: 'not a device of another site',     method: 'INVITE',  uri: 'sip:HD0003@192.0.2.1', hears: '403', rings: '' },
    { name: 'not a user',                       method: 'INVITE',  uri: 'sip:100@192.0.2.1',    hears: '403', rings: '' },
    { name: 'not the login line',               method: 'INVITE',  uri: 'sip:*77*@192.0.2.1',   hears: '403', rings: '' },
    { name: 'not itself',                       method: 'INVITE',  uri: 'sip:112@192.0.2.1',    hears: '403', rings: '' },
    { name: 'sends no message',                 method: 'MESSAGE', uri: 'sip:HD0001@192.0.2.1', hears: '403', rings: '' },
    { name: 'resyncs nobody',                   method: 'NOTIFY',  uri: 'sip:HD0001@192.0.2.1', hears: '403', rings: '' },
    { name: 'registers nothing',                method: 'REGISTER', uri: 'sip:192.0.2.1',       hears: '403', rings: '' },
    { name: 'not a device that is not there',   method: 'INVITE',  uri: 'sip:HD0002@192.0.2.1', hears: '480', rings: '' },
  ];
  for (const { name, method, uri, hears, rings } of requests) {
    test(name, () => {
      const { world, phone, gateway } = start();
      phone.register();
      world.login('HD0001', '100');
      gateway.send(gateway.build(method, { uri, from: 'sip:+49112@gateway', headers: [['X-Evil', '1']] }));
      assert.is(gateway.heard(), hears);
      const got = phone.inbox[0];
      assert.is(phone.heard(), rings);
      if (got !== undefined)
        assert.is(got.get('P-Asserted-Identity'), '"Emergency" <sip:+49112@192.0.2.1:5060>');
    });
  }
});
