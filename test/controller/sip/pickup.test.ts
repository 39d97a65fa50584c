import * as assert from 'uvu/assert';
import type { HeaderList, SipMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { bodyOf, lamp, notified, status, subscribe, watchedBy } from './watching.ts';
import { createWorld, flowAt, type Phone } from './world.ts';

const knowsReplaces: HeaderList = [['Supported', 'replaces, timer']];

/** 102 in the south calls 101, whose phone rings; 100, who has 101 on a key, sits beside it. */
function start(headers = knowsReplaces) {
  const world = createWorld();
  const anna = world.phone('HD0001', flowAt('north', 11));
  const ben = world.phone('HD0002', flowAt('north', 12));
  const carol = world.phone('HD0003', flowAt('south', 13));
  const seats = [
    [anna, '100'],
    [ben, '101'],
    [carol, '102'],
  ] as const;
  for (const [phone, extension] of seats) {
    world.login(phone.id, extension);
    phone.register();
  }
  watchedBy(world, '100', ['101']);
  const call = carol.call('101', headers);
  const invite = ben.take();
  ben.answer(invite, 180);
  return { world, anna, ben, carol, call, invite };
}

const taken = (phone: Phone, method: string): SipMessage => {
  const found = phone.inbox.find((message) => message.start.type === 'request' && message.method === method);
  if (found === undefined) throw new Error(`${phone.id} got no ${method}`);
  phone.inbox.splice(phone.inbox.indexOf(found), 1);
  return found;
};

describe('directed pickup', (test) => {
  for (const dialled of ['**101', '%2A%2A101']) {
    test(`by ${dialled}: the caller's phone is asked to replace`, () => {
      const { anna, ben, carol, call, invite, world } = start();
      anna.call(dialled);
      const replacing = taken(carol, 'INVITE');
      const fromTag = call.from.params.get('tag');
      assert.is(replacing.get('Replaces'), `${call.callId};to-tag=${fromTag};from-tag=tHD0002;early-only`);
      assert.is(replacing.get('Require'), 'replaces');
      assert.is(replacing.from.uri, 'sip:100@198.51.100.1:5060');
      carol.answer(replacing, 200);
      assert.ok(anna.heard().endsWith('200'));
      const cancel = taken(ben, 'CANCEL');
      assert.is(cancel.get('Reason'), 'SIP;cause=200;text="Call completed elsewhere"');
      ben.answer(invite, 487);
      assert.ok(carol.heard().endsWith('487'));
      assert.is(world.core.counters.pickups, 1);
    });
  }

  test('rings on when the caller will not', () => {
    const { anna, ben, carol } = start();
    anna.call('**101');
    carol.answer(taken(carol, 'INVITE'), 481);
    assert.ok(anna.heard().endsWith('481'));
    assert.is(ben.heard(), '');
  });

  test('by another code of the site', () => {
    const { world, anna, carol } = start();
    const { revision: _, ...site } = world.store.get('sites', 'north') ?? missing();
    const dialCodes = { ...site.dialCodes, pickup: '*8' };
    world.store.note([{ type: 'put', collection: 'sites', value: { ...site, dialCodes } }]);
    anna.call('**101');
    assert.ok(anna.heard().endsWith('404'));
    anna.call('*8101');
    taken(carol, 'INVITE');
  });

  test('by the tags that a NOTIFY told', () => {
    const { world, anna, ben, carol } = start();
    subscribe(anna, '101');
    const [dialog] = bodyOf(notified(world, anna)[0]).dialogs;
    const { 'call-id': callId, 'local-tag': localTag, 'remote-tag': remoteTag } = dialog?.attributes ?? {};
    const replaces = `${callId};to-tag=${remoteTag};from-tag=${localTag}`;
    anna.call('102', [['Replaces', replaces]]);
    carol.answer(taken(carol, 'INVITE'), 200);
    assert.ok(anna.heard().endsWith('200'));
    taken(ben, 'CANCEL');
  });

  test('of a caller who cannot replace: the call comes to who wants it', () => {
    const { world, anna, ben, carol, invite } = start([]);
    anna.call('**101');
    assert.ok(anna.heard().endsWith('480'));
    world.clock.advance(200);
    const brought = taken(anna, 'INVITE');
    assert.is(brought.from.uri, 'sip:102@192.0.2.1:5060');
    assert.is(brought.get('Call-Info'), '<sip:hotdesk.invalid>;answer-after=0');
    anna.answer(brought, 200);
    assert.ok(carol.heard().endsWith('200'));
    taken(ben, 'CANCEL');
    ben.answer(invite, 487);
  });

  // biome-ignore format: a table
  const refused: { name: string; by: 'anna' | 'ben' | 'carol'; dialled: string; expected: string }[] = [
    { name: 'nobody rings there',             by: 'anna',  dialled: '**102', expected: '403' },
    { name: 'not on a key',                   by: 'ben',   dialled: '**100', expected: '403' },
    { name: 'a user who is not there',        by: 'anna',  dialled: '**999', expected: '403' },
    { name: 'the code alone',                 by: 'anna',  dialled: '**',    expected: '404' },
  ];
  for (const { name, by, dialled, expected } of refused) {
    test(`is refused: ${name}`, () => {
      const { carol, ...phones } = start();
      const phone = { ...phones, carol }[by];
      phone.call(dialled);
      assert.ok(phone.heard().endsWith(expected));
      assert.not.ok(carol.inbox.some(({ start }) => start.type === 'request'));
    });
  }

  test("is refused: one's own call, and where nobody is logged in", () => {
    const { world, anna, carol } = start();
    watchedBy(world, '102', ['101']);
    carol.inbox.splice(0);
    carol.call('**101');
    assert.ok(carol.heard().endsWith('403'));
    world.logout('HD0001');
    anna.call('**101');
    assert.ok(anna.heard().endsWith('403'));
  });

  test('is refused: nobody rings', () => {
    const { world, anna, ben, invite } = start();
    ben.answer(invite, 486);
    anna.call('**101');
    assert.ok(anna.heard().endsWith('480'));
    subscribe(anna, '101');
    assert.is(lamp(notified(world, anna)[0]), '-');
  });

  test('by tags is refused to who may not watch, as if there were no such call', () => {
    const { world, anna, call } = start();
    watchedBy(world, '100', []);
    anna.call('102', [['Replaces', `${call.callId};to-tag=${call.from.params.get('tag')};from-tag=tHD0002`]]);
    assert.ok(anna.heard().endsWith('481'));
    assert.is(status(subscribe(anna, '101').response), 403);
  });
});

function missing(): never {
  throw new Error('no site');
}
