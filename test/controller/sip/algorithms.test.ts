/** Which digest algorithms a challenge names, and that what is offered is taken. */

import * as assert from 'uvu/assert';
import { formatMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { createWorld, flowAt } from './world.ts';

const isKnown = { takesSha256: ({ id }: { id: string }) => id === 'HD0001' };

function start(options: Parameters<typeof createWorld>[0] = isKnown) {
  const world = createWorld(options);
  return {
    world,
    one: world.phone('HD0001', flowAt('north', 11)),
    two: world.phone('HD0002', flowAt('north', 12)),
  };
}

type Phone = ReturnType<typeof start>['one'];

/** As offered to an OPTIONS of that phone. */
function offered(phone: Phone, from = `sip:${phone.id}@${phone.host}`): string[] {
  phone.send(phone.build('OPTIONS', { from }));
  const challenges = phone.take().getAll('WWW-Authenticate');
  return challenges.map((value) => /algorithm=([\w-]+)/.exec(value)?.[1] ?? '');
}

describe('digest algorithms', (test) => {
  test('a phone of a model that takes SHA-256: both, from its second registration', () => {
    const { one, two } = start();
    assert.equal(offered(one), ['MD5'], 'nobody is known to be there yet');
    assert.is(one.register().start.type, 'response');
    assert.equal(offered(one), ['SHA-256', 'MD5']);
    two.register();
    assert.equal(offered(two), ['MD5'], 'a model that is not known to');
  });

  test('the answer by SHA-256 is right, and so is the one by MD5', () => {
    const { one } = start();
    one.register();
    const options = one.build('OPTIONS');
    one.ask(options);
    const best = one.take();
    assert.is(best.start.type === 'response' && best.start.status, 200);

    one.send(one.build('OPTIONS'));
    const challenge = one.take();
    const [, md5 = ''] = challenge.getAll('WWW-Authenticate');
    assert.match(md5, /algorithm=MD5/);
    challenge.set('WWW-Authenticate', md5);
    one.send(one.credential(one.build('OPTIONS'), challenge));
    const usual = one.take();
    assert.is(usual.start.type === 'response' && usual.start.status, 200);
  });

  test('who answered by SHA-256 is offered it again', () => {
    const { one } = start({});
    one.register();
    assert.equal(offered(one), ['MD5']);
    one.send(one.build('OPTIONS'));
    const challenge = one.take();
    const [md5 = ''] = challenge.getAll('WWW-Authenticate');
    challenge.set('WWW-Authenticate', md5.replace('MD5', 'SHA-256'));
    one.send(one.credential(one.build('OPTIONS'), challenge));
    one.take();
    assert.equal(offered(one), ['SHA-256', 'MD5']);
  });

  test('a stranger learns nothing by another name, nor does a neighbour', () => {
    const { world, one, two } = start();
    one.register();
    const stranger = world.phone('HD0001', flowAt('north', 77));
    assert.equal(offered(stranger), ['MD5']);
    assert.equal(offered(two, `sip:HD0001@${two.host}`), ['MD5']);
    assert.equal(offered(one, `sip:HD0002@${one.host}`), ['MD5']);
  });

  test('a user at the device is challenged as the device is', async () => {
    const { world, one } = start();
    one.register();
    const value = { device: 'HD0001', extension: '100', since: 0, how: 'dial' } as const;
    await world.store.commit([{ type: 'put', collection: 'sessions', value }]);
    assert.equal(offered(one, `sip:100@${one.host}`), ['SHA-256', 'MD5']);
  });

  test('a From that nobody can read is challenged, and that is all', () => {
    const { one } = start();
    for (const from of ['tel:100', 'sip:%zz@x', 'sip:a@b:99999']) {
      const request = one.build('OPTIONS');
      request.set('From', `<${from}>;tag=a`);
      one.sendRaw(formatMessage(request));
      assert.match(one.take().get('WWW-Authenticate') ?? '', /algorithm=MD5/);
    }
  });
});
