import * as assert from 'uvu/assert';
import type { Site } from '#controller/model/model.ts';
import { describe } from '#test/support/describe.ts';
import { bodyOf, lamp, notified, refresh, status, subscribe, watchedBy } from './watching.ts';
import { createWorld, flowAt } from './world.ts';

/** 100 at HD0001 has 101 on a key, who sits at HD0002 in the same office; 102 sits in the south. */
function start() {
  const world = createWorld();
  const phones = {
    anna: world.phone('HD0001', flowAt('north', 11)),
    ben: world.phone('HD0002', flowAt('north', 12)),
    carol: world.phone('HD0003', flowAt('south', 13)),
  };
  world.login('HD0001', '100');
  world.login('HD0002', '101');
  world.login('HD0003', '102');
  for (const phone of Object.values(phones)) phone.register();
  watchedBy(world, '100', ['101']);
  return { world, ...phones };
}

function setRule(world: ReturnType<typeof createWorld>, mayWatch: Site['mayWatch']): void {
  const site = world.store.get('sites', 'north');
  if (site === undefined) throw new Error('no site');
  const { revision: _, ...value } = site;
  world.store.note([{ type: 'put', collection: 'sites', value: { ...value, mayWatch } }]);
}

describe('busy lamps', (test) => {
  test('tell the state as it is, at once', () => {
    const { world, anna } = start();
    const { request, response } = subscribe(anna, '101');
    assert.is(status(response), 200);
    assert.is(response.get('Expires'), '600');
    const [notify, ...more] = notified(world, anna);
    assert.ok(notify);
    assert.is(more.length, 0);
    assert.is(notify.get('Subscription-State'), 'active;expires=600');
    assert.is(notify.get('Event'), 'dialog');
    assert.is(notify.get('Content-Type'), 'application/dialog-info+xml');
    assert.is(notify.callId, request.callId);
    assert.is(notify.from.params.get('tag'), response.to.params.get('tag'));
    assert.is(notify.to.params.get('tag'), request.from.params.get('tag'));
    assert.is(notify.start.type === 'request' && notify.start.uri, anna.contact);
    const { version, entity } = bodyOf(notify);
    assert.equal({ version, entity }, { version: 0, entity: 'sip:101@192.0.2.1:5060' });
    assert.is(lamp(notify), '-');
  });

  test('follow a call from its ring to its end, with both sides of it', () => {
    const { world, anna, ben, carol } = start();
    subscribe(anna, '101');
    notified(world, anna);
    const call = carol.call('101');
    const invite = ben.take();
    assert.is(lamp(notified(world, anna)[0]), 'trying recipient 102');
    ben.answer(invite, 180);
    const ringing = notified(world, anna)[0];
    assert.is(lamp(ringing), 'early recipient 102');
    const [dialog] = bodyOf(ringing).dialogs;
    assert.is(dialog?.attributes['call-id'], call.callId);
    assert.is(dialog?.attributes['local-tag'], 'tHD0002');
    assert.is(dialog?.attributes['remote-tag'], call.from.params.get('tag'));
    assert.equal(dialog?.local, { user: '101', display: 'Bob' });
    assert.equal(dialog?.remote, { user: '102', display: 'Carol' });
    ben.answer(invite, 200);
    const busy = notified(world, anna)[0];
    assert.is(lamp(busy), 'confirmed recipient 102');
    assert.is(bodyOf(busy).dialogs[0]?.attributes['call-id'], undefined);
    const ok = carol.inbox.find((message) => status(message) === 200);
    assert.ok(ok);
    carol.send(carol.asCaller('BYE', call, ok));
    const bye = ben.inbox.find(({ method }) => method === 'BYE');
    assert.ok(bye);
    ben.answer(bye, 200);
    assert.is(lamp(notified(world, anna).at(-1)), '-');
  });

  test('tell of who calls, too, and of a call that nobody took', () => {
    const { world, anna, ben, carol } = start();
    subscribe(anna, '101');
    notified(world, anna);
    ben.call('102');
    assert.is(lamp(notified(world, anna)[0]), 'trying initiator 102');
    const invite = carol.take();
    carol.answer(invite, 180);
    assert.is(lamp(notified(world, anna)[0]), 'early initiator 102');
    carol.answer(invite, 486);
    assert.is(lamp(notified(world, anna)[0]), '-');
  });

  test('number what they send from 0, without a gap', () => {
    const { world, anna, ben } = start();
    subscribe(anna, '101');
    const got = notified(world, anna);
    for (let round = 0; round < 3; round++) {
      ben.inbox.splice(0);
      ben.call('102');
      got.push(...notified(world, anna));
    }
    assert.equal(
      got.map((notify) => bodyOf(notify).version),
      [0, 1, 2, 3],
    );
    assert.equal(
      got.map(({ cseq }) => cseq.number),
      [1, 2, 3, 4],
    );
  });

  test('tell a burst of changes once, with what is true then', () => {
    const { world, anna, ben, carol } = start();
    subscribe(anna, '101');
    notified(world, anna);
    carol.call('101');
    const invite = ben.take();
    ben.answer(invite, 180);
    ben.answer(invite, 200);
    const got = notified(world, anna);
    assert.equal(got.map(lamp), ['confirmed recipient 102']);
  });

  test('show a user who sits at two devices as one', () => {
    const { world, anna, ben, carol } = start();
    world.login('HD0003', '101');
    carol.register();
    subscribe(anna, '101');
    notified(world, anna);
    anna.call('101');
    assert.is(lamp(notified(world, anna).at(-1)), 'trying recipient 100, trying recipient 100');
    carol.answer(carol.take(), 486);
    assert.is(lamp(notified(world, anna).at(-1)), 'trying recipient 100');
    ben.answer(ben.take(), 486);
    assert.is(lamp(notified(world, anna).at(-1)), '-');
  });

  test('a change of name is told', () => {
    const { world, anna, ben, carol } = start();
    subscribe(anna, '101');
    notified(world, anna);
    carol.call('101');
    assert.is(bodyOf(notified(world, anna)[0]).dialogs[0]?.remote?.display, 'Carol');
    const { revision: _, ...value } = world.store.get('users', '102') ?? { revision: 0 };
    const name = `<&"'>]]>\u{1F600}`;
    world.store.note([
      {
        type: 'put',
        collection: 'users',
        value: { extension: '102', hotdesk: true, keys: [], ...value, name },
      },
    ]);
    ben.answer(ben.take(), 180);
    assert.is(bodyOf(notified(world, anna)[0]).dialogs[0]?.remote?.display, name);
  });
});

describe('who may watch', (test) => {
  // biome-ignore format: a table
  const rules: { mayWatch: Site['mayWatch']; watched: string; expected: number }[] = [
    { mayWatch: 'layout', watched: '101', expected: 200 },
    { mayWatch: 'layout', watched: '102', expected: 403 },
    { mayWatch: 'layout', watched: '999', expected: 403 },
    { mayWatch: 'site',   watched: '101', expected: 200 },
    { mayWatch: 'site',   watched: '100', expected: 200 },
    { mayWatch: 'site',   watched: '102', expected: 403 },
    { mayWatch: 'all',    watched: '102', expected: 200 },
    { mayWatch: 'all',    watched: '999', expected: 404 },
  ];
  for (const { mayWatch, watched, expected } of rules) {
    test(`${mayWatch}: ${watched} is ${expected}`, () => {
      const { world, anna } = start();
      setRule(world, mayWatch);
      assert.is(status(subscribe(anna, watched).response), expected);
      assert.is(world.core.counters.refusedWatch, expected === 403 ? 1 : 0);
    });
  }

  test('nobody where nobody is logged in', () => {
    const { world, anna } = start();
    setRule(world, 'all');
    world.logout('HD0001');
    assert.is(status(subscribe(anna, '101').response), 403);
  });

  test('a logout ends it, and says nothing more', () => {
    const { world, anna, ben } = start();
    const watch = subscribe(anna, '101');
    notified(world, anna);
    world.logout('HD0001');
    const [last, ...more] = notified(world, anna);
    assert.is(last?.get('Subscription-State'), 'terminated;reason=rejected');
    assert.is(last?.body.length, 0);
    assert.is(more.length, 0);
    ben.call('102');
    assert.equal(notified(world, anna), []);
    assert.equal(world.store.list('subscriptions'), []);
    assert.is(status(refresh(anna, watch).response), 481);
  });

  test('a key less ends it, a key more allows it', () => {
    const { world, anna } = start();
    subscribe(anna, '101');
    notified(world, anna);
    watchedBy(world, '100', ['102']);
    assert.is(notified(world, anna)[0]?.get('Subscription-State'), 'terminated;reason=rejected');
    assert.is(status(subscribe(anna, '101').response), 403);
    assert.is(status(subscribe(anna, '102').response), 200);
  });

  test('nobody in the name of another device', () => {
    const { world, anna, ben } = start();
    watchedBy(world, '101', ['102']);
    const watch = subscribe(anna, '101');
    notified(world, anna);
    assert.is(status(refresh(ben, watch).response), 481);
  });
});

describe('a subscription', (test) => {
  // biome-ignore format: a table
  const refused: { name: string; asked: Parameters<typeof subscribe>[2]; expected: number; header: string; value: string | undefined }[] = [
    { name: 'too short',           asked: { expires: 59 },                                     expected: 423, header: 'Min-Expires',  value: '60' },
    { name: 'an unknown event',    asked: { event: 'presence' },                               expected: 489, header: 'Allow-Events', value: 'dialog' },
    { name: 'another type wanted', asked: { headers: [['Accept', 'application/pidf+xml']] },   expected: 406, header: 'Accept',       value: 'application/dialog-info+xml' },
    { name: 'no number of seconds', asked: { expires: Number.NaN },                            expected: 400, header: 'Min-Expires',  value: undefined },
  ];
  for (const { name, asked, expected, header, value } of refused) {
    test(`is refused: ${name}`, () => {
      const { world, anna } = start();
      const { response } = subscribe(anna, '101', asked);
      assert.is(status(response), expected);
      assert.is(response.get(header), value);
      assert.equal(world.store.list('subscriptions'), []);
      assert.is(world.core.counters.badSubscribe, 1);
    });
  }

  test('is granted an hour at most, and repeats its id', () => {
    const { world, anna } = start();
    const { response } = subscribe(anna, '101', { expires: 86_400, event: 'dialog;sla;id=7' });
    assert.is(response.get('Expires'), '3600');
    assert.is(notified(world, anna)[0]?.get('Event'), 'dialog;id=7');
  });

  test('ends when nobody refreshes it', () => {
    const { world, anna } = start();
    subscribe(anna, '101', { expires: 60 });
    notified(world, anna);
    world.clock.advance(59_500);
    const [last] = notified(world, anna, { ms: 1_000 });
    assert.is(last?.get('Subscription-State'), 'terminated;reason=timeout');
    assert.equal(world.store.list('subscriptions'), []);
  });

  test('lives on when it is refreshed, and tells its state again', () => {
    const { world, anna } = start();
    const watch = subscribe(anna, '101', { expires: 60 });
    notified(world, anna);
    world.clock.advance(50_000);
    assert.is(status(refresh(anna, watch, { expires: 60 }).response), 200);
    assert.is(notified(world, anna)[0]?.get('Subscription-State'), 'active;expires=60');
    assert.is(status(refresh(anna, watch, { cseq: 3 }).response), 500);
    world.clock.advance(20_000);
    assert.is(world.store.list('subscriptions').length, 1);
  });

  test('ends when the phone lets go, and asked for no time it is told once', () => {
    const { world, anna } = start();
    const watch = subscribe(anna, '101');
    notified(world, anna);
    assert.is(status(refresh(anna, watch, { expires: 0 }).response), 200);
    const [last] = notified(world, anna);
    assert.is(last?.get('Subscription-State'), 'terminated;reason=timeout');
    assert.is(lamp(last), '-');
    assert.is(status(subscribe(anna, '101', { expires: 0 }).response), 200);
    assert.is(notified(world, anna)[0]?.get('Subscription-State'), 'terminated;reason=timeout');
    assert.equal(world.store.list('subscriptions'), []);
  });

  test('ends when the phone knows nothing of it', () => {
    const { world, anna } = start();
    subscribe(anna, '101');
    notified(world, anna, { answer: 481 });
    assert.equal(world.store.list('subscriptions'), []);
    assert.is(world.core.counters.notifyFailed, 1);
  });

  test('ends when the phone does not answer', () => {
    const { world, anna } = start();
    subscribe(anna, '101');
    world.clock.advance(33_000);
    assert.equal(world.store.list('subscriptions'), []);
    assert.is(world.core.counters.notifyFailed, 1);
  });

  test('waits for a tunnel that is down', () => {
    const { world, anna, ben } = start();
    subscribe(anna, '101');
    notified(world, anna);
    world.down.add(keyOf(anna));
    ben.call('102');
    assert.equal(notified(world, anna), []);
    world.down.clear();
    assert.is(lamp(notified(world, anna, { ms: 6_000 })[0]), 'trying initiator 102');
    assert.ok(world.core.counters.notifyDelayed > 0);
  });

  test('is there after a restart, without a word of the phone, and its numbers go on', () => {
    const { world, anna, ben } = start();
    const watch = subscribe(anna, '101');
    const before = notified(world, anna).at(-1);
    ben.call('102');
    const during = notified(world, anna).at(-1);
    world.restart();
    const after = notified(world, anna).at(-1);
    assert.ok(before && during && after);
    assert.is(lamp(after), '-');
    assert.is(after.callId, before.callId);
    assert.ok(bodyOf(after).version > bodyOf(during).version);
    assert.ok(after.cseq.number > during.cseq.number);
    assert.is(status(refresh(anna, watch).response), 200);
    assert.ok(bodyOf(notified(world, anna)[0]).version > bodyOf(after).version);
  });

  test('of one device there are so many and no more', () => {
    const { world, anna, ben } = start();
    for (let count = 0; count < 256; count++) {
      subscribe(anna, '101');
      notified(world, anna, { ms: 50 }); // and the rate of those who are not authenticated is not met
    }
    assert.is(status(subscribe(anna, '101').response), 503);
    assert.is(world.core.counters.overloaded, 1);
    ben.call('102');
    assert.is(notified(world, anna, { ms: 400 }).length, 256);
  });
});

const keyOf = ({ flow }: { flow: ReturnType<typeof flowAt> }) =>
  `${flow.agent} ${flow.transport} ${flow.local.address}:${flow.local.port} ${flow.remote.address}:${flow.remote.port}`;
