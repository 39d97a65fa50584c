/** 112 while everything around it fails, and what only looks like it. */

import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { createWorld, flowAt, type Phone, type World } from './world.ts';

function start(options: Parameters<typeof createWorld>[0] = {}) {
  const world = createWorld(options);
  const phone = world.phone('HD0001', flowAt('north', 11));
  const gateway = world.phone('gateway', { ...flowAt('north', 0), remote: world.gateway });
  phone.register();
  return { world, phone, gateway };
}

const help = (phone: Phone) => phone.build('INVITE', { uri: 'sip:112@192.0.2.1:5060' });

/** From where 112 must get through all the same. */
const faults: { name: string; break(world: World, phone: Phone): void }[] = [
  {
    name: 'a flood of requests from its own address, unauthenticated',
    break(world) {
      const flood = world.phone('HD0002', flowAt('north', 11, 40_000));
      for (let i = 0; i < 2_000; i++) flood.send(flood.build('INVITE', { uri: 'sip:100@192.0.2.1:5060' }));
      assert.ok(world.core.counters.limited > 1_000);
    },
  },
  {
    name: 'a flood of calls to 112 from who is nobody',
    break(world) {
      const flood = world.phone('HD0002', flowAt('south', 77));
      for (let i = 0; i < 2_000; i++) flood.send(flood.build('INVITE', { uri: 'sip:112@198.51.100.1:5060' }));
      assert.is(world.core.counters.emergencyCalls, 0);
    },
  },
  {
    name: 'so many guesses of its secret that it is blocked',
    break(_, phone) {
      phone.generation = 99;
      for (let i = 0; i < 30; i++) phone.ask(phone.build('INVITE', { uri: 'sip:100@192.0.2.1:5060' }));
      phone.generation = 1;
    },
  },
  {
    name: 'more calls of its own than it may have',
    break(_, phone) {
      for (let i = 0; i < 12; i++) phone.send(help(phone));
    },
  },
  {
    name: 'a store that keeps nothing',
    break({ store }) {
      const refused = () => new Fault('store.failed', 'no space left');
      store.failWith = refused();
      store.note = () => {
        throw refused();
      };
    },
  },
  {
    name: 'a device that was deleted from under its session',
    break: ({ store }) => store.note([{ type: 'delete', collection: 'users', id: '100' }]),
  },
];

describe('112 gets through', (test) => {
  for (const { name, break: breaks } of faults) {
    test(`with ${name}`, () => {
      const { world, phone, gateway } = start({ maxTransactions: 40 });
      world.login('HD0001', '100');
      breaks(world, phone);
      phone.inbox.splice(0);
      gateway.inbox.splice(0);
      const invite = phone.send(help(phone));
      const got = gateway.take();
      assert.is(got.from.uri, 'sip:HD0001@192.0.2.1:5060');
      gateway.answer(got, 200);
      const ok = phone.take();
      phone.send(phone.asCaller('ACK', invite, ok));
      phone.send(phone.asCaller('BYE', invite, ok));
      assert.is(gateway.heard(), 'ACK BYE');
    });
  }
});

describe('what only looks like 112', (test) => {
  // biome-ignore format: a table
  const uris = [
    'sip:112@evil', 'sip:112@192.0.2.2', 'tel:112', 'sip:112;x@192.0.2.1', 'sip:112%20@192.0.2.1', 'sip:%20112@192.0.2.1',
    'sip:0112@192.0.2.1', 'sip:1120900123456@192.0.2.1', 'sip:+112@192.0.2.1', 'sip:112*@192.0.2.1', 'sip:112%00@192.0.2.1',
    'sip:1%3112%3B@192.0.2.1', 'sip:192.0.2.1',
  ];
  for (const uri of uris) {
    test(`${uri} is refused`, () => {
      const { world, phone, gateway } = start();
      phone.ask(phone.build('INVITE', { uri, to: 'sip:112@192.0.2.1' }));
      assert.match(phone.heard(), /^4(?:0[034]|16)$/);
      assert.equal([gateway.heard(), world.core.counters.emergencyCalls], ['', 0]);
    });
  }

  test('another method than INVITE calls nobody', () => {
    const { world, phone, gateway } = start();
    for (const method of ['OPTIONS', 'MESSAGE', 'SUBSCRIBE', 'REFER', 'BYE']) {
      phone.send(phone.build(method, { uri: 'sip:112@192.0.2.1:5060' }));
    }
    assert.equal([gateway.heard(), world.core.counters.emergencyCalls], ['', 0]);
  });

  test('a transfer of another phone to 112 is refused', () => {
    const { world, phone, gateway } = start();
    const other = world.phone('HD0002', flowAt('north', 12));
    other.register();
    world.login('HD0001', '100');
    world.login('HD0002', '101');
    const invite = phone.call('101');
    other.answer(other.take(), 200);
    const ok = phone.take();
    phone.send(phone.asCaller('REFER', invite, ok, [['Refer-To', '<sip:112@192.0.2.1:5060>']]));
    assert.is(phone.heard(), '403');
    assert.equal([other.heard(), gateway.heard()], ['', '']);
  });
});
