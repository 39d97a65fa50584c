/** Busy lamps for numbers of a PBX: one subscription there, our own bodies to the phones, dark when nothing is known. */

import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { isRightResponse, parseCredentials } from '#protocol/sip/digest.ts';
import type { HeaderList, SipMessage } from '#protocol/sip/message.ts';
import { bodyOf, lamp, notified, status, subscribe, watchedBy } from '#test/controller/sip/watching.ts';
import { createWorld, flowAt, type Phone, type World } from '#test/controller/sip/world.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { configured, openPbx, type Pbx } from './pbx.ts';

const keys = createKeys(new Uint8Array(32).fill(7));
const secret = 'canary-of-the-lamps';

async function office(mode: 'register' | 'trunk' = 'trunk') {
  const pbx = await openPbx();
  const world = createWorld();
  const own =
    mode === 'trunk'
      ? {
          authentication: 'digest' as const,
          username: 'us',
          secret: keys.seal(sealedFor.upstream('pbx'), secret),
        }
      : {};
  const value = configured({
    ...{ id: 'pbx', mode, addresses: [pbx.address], numbers: ['200-299', '09'], denied: ['09'] },
    ...own,
  });
  world.store.note([{ type: 'put', collection: 'upstreams', value }]);
  await until('the socket is open', () => world.core.upstreams.peerOf('pbx', ''));
  const phones = {
    anna: world.phone('HD0001', flowAt('north', 11)),
    ben: world.phone('HD0002', flowAt('north', 12)),
  };
  world.login('HD0001', '100');
  world.login('HD0002', '101');
  for (const phone of Object.values(phones)) phone.register();
  for (const extension of ['100', '101']) watchedBy(world, extension, ['230', '0900', '999']);
  return {
    ...{ world, pbx, ...phones },
    async close() {
      world.core.close();
      await pbx.close();
    },
  };
}

/** A user gets an account at the PBX. */
function accountFor(world: World, extension: string): void {
  const { revision: _, ...user } = world.store.get('users', extension) ?? missing();
  const upstream = { id: 'pbx', user: `u${extension}`, secret: keys.seal(sealedFor.user(extension), secret) };
  world.store.note([{ type: 'put', collection: 'users', value: { ...user, upstream } }]);
}

function missing(): never {
  throw new Error('no such user');
}

async function granted({ world, pbx }: { world: World; pbx: Pbx }): Promise<SipMessage> {
  world.clock.advance(1);
  const request = await pbx.request('SUBSCRIBE');
  pbx.answer(request, 200, [['Expires', '600']]);
  return request;
}

let serial = 0;
const told = (pbx: Pbx, subscribed: SipMessage, dialogs: string, headers: HeaderList = []) => {
  const cseq = ++serial;
  const notify = pbx.inDialog('NOTIFY', subscribed, [
    ['Event', 'dialog'],
    ['Content-Type', 'application/dialog-info+xml'],
    ...(headers.length > 0 ? headers : ([['Subscription-State', 'active;expires=600']] as const)),
  ]);
  notify.set('CSeq', `${cseq} NOTIFY`);
  const body = `<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full" entity="sip:230@pbx.invalid">${dialogs}</dialog-info>`;
  return Object.assign(notify, { body: Buffer.from(body) });
};
const busy =
  '<dialog id="x" direction="recipient"><state>confirmed</state><remote><identity display="Eve">sip:0301@pbx.invalid</identity></remote></dialog>';

async function answerTo(pbx: Pbx, message: SipMessage): Promise<number> {
  const branch = message.topVia.params.get('branch');
  pbx.send(message);
  const isIt = (each: SipMessage) =>
    each.start.type === 'response' && each.topVia.params.get('branch') === branch;
  return status(await until('an answer', () => pbx.inbox.find(isIt)));
}

const lampOf = (world: World, phone: Phone) => notified(world, phone).map(lamp).join(' ');

describe('controller/sip/upstream: busy lamps of a PBX', (test) => {
  test('one subscription for all phones, as one who watches; each phone has bodies and versions of its own', async () => {
    const at = await office();
    const { world, pbx, anna, ben, close } = at;
    assert.is(status(subscribe(anna, '230').response), 200);
    assert.is(lampOf(world, anna), '-');
    world.clock.advance(1);
    pbx.challenge(await pbx.request('SUBSCRIBE'), 'n1', 401);
    const asked = await pbx.request('SUBSCRIBE');
    assert.is(asked.start.type === 'request' && asked.start.uri, 'sip:230@pbx.invalid');
    assert.is(asked.get('Event'), 'dialog');
    assert.match(asked.get('From') ?? '', '<sip:100@pbx.invalid>');
    const given = parseCredentials(asked.get('Authorization') ?? '');
    assert.is(given.username, 'us');
    assert.ok(isRightResponse(given, { method: 'SUBSCRIBE', password: secret }));
    pbx.answer(asked, 200, [['Expires', '600']]);

    assert.is(await answerTo(pbx, told(pbx, asked, busy)), 200);
    const [first] = notified(world, anna);
    assert.is(lamp(first), 'confirmed recipient 0301');
    assert.equal(bodyOf(first).dialogs[0]?.remote, { user: '0301', display: 'Eve' });
    assert.is(bodyOf(first).version, 1);
    assert.match(bodyOf(first).entity, /^sip:230@192\.0\.2\.1/);

    subscribe(ben, '230');
    const [other] = notified(world, ben);
    assert.is(lamp(other), 'confirmed recipient 0301');
    assert.is(bodyOf(other).version, 0);
    assert.is(await answerTo(pbx, told(pbx, asked, busy.replace('confirmed', 'terminated'))), 200);
    assert.is(lampOf(world, anna), '-');
    assert.is(lampOf(world, ben), '-');
    assert.not.ok(pbx.inbox.some(({ start }) => start.type === 'request' && start.method === 'SUBSCRIBE'));
    await close();
  });

  test('refreshed within its dialog; ended with the last who watches', async () => {
    const at = await office();
    const { world, pbx, anna, close } = at;
    subscribe(anna, '230');
    const asked = await granted(at);
    assert.is(await answerTo(pbx, told(pbx, asked, busy)), 200);
    notified(world, anna);
    world.clock.advance(480_000);
    const again = await pbx.request('SUBSCRIBE');
    assert.is(again.callId, asked.callId);
    assert.ok(again.cseq.number > asked.cseq.number);
    assert.is(again.to.params.get('tag'), 'far');
    pbx.answer(again, 200, [['Expires', '600']]);
    world.logout('HD0001');
    notified(world, anna);
    const last = await pbx.request('SUBSCRIBE');
    assert.is(last.callId, asked.callId);
    assert.is(last.get('Expires'), '0');
    assert.is(await answerTo(pbx, told(pbx, asked, '')), 481);
    await close();
  });

  test('refused, silent, terminated, unreadable: dark, and asked again after a pause', async () => {
    const at = await office();
    const { world, pbx, anna, close } = at;
    subscribe(anna, '230');
    notified(world, anna);
    world.clock.advance(1);
    const refused = await pbx.request('SUBSCRIBE');
    pbx.answer(refused, 480);
    await answerTo(pbx, pbx.build('OPTIONS', 'x')); // the refusal came before
    // The pause is 2 s and up to a quarter more; half a second after a question it would be repeated.
    world.clock.advance(2_499);
    const asked = await pbx.request('SUBSCRIBE');
    assert.is.not(asked.callId, refused.callId);
    pbx.answer(asked, 200, [['Expires', '600']]);
    assert.is(await answerTo(pbx, told(pbx, asked, busy)), 200);
    assert.is(lampOf(world, anna), 'confirmed recipient 0301');
    assert.is(
      await answerTo(pbx, Object.assign(told(pbx, asked, ''), { body: Buffer.from('<!DOCTYPE x>') })),
      400,
    );
    assert.is(lampOf(world, anna), '-');
    assert.is(world.core.counters.badFarNotify, 1);
    await answerTo(pbx, told(pbx, asked, busy));
    assert.is(lampOf(world, anna), 'confirmed recipient 0301');
    const over = [['Subscription-State', 'terminated;reason=deactivated']] as const;
    assert.is(await answerTo(pbx, told(pbx, asked, busy, over)), 200);
    assert.is(lampOf(world, anna), '-');
    world.clock.advance(5_000);
    const anew = await pbx.request('SUBSCRIBE');
    assert.is.not(anew.callId, asked.callId);
    assert.not.ok(anew.to.params.has('tag'));
    // Granted and ended again: the pauses grow.
    pbx.answer(anew, 200, [['Expires', '600']]);
    assert.is(await answerTo(pbx, told(pbx, anew, '', over)), 200);
    world.clock.advance(5_000);
    // Whatever was sent before its answer is there by then.
    assert.is(await answerTo(pbx, told(pbx, asked, '')), 481);
    assert.not.ok(pbx.inbox.some((each) => each.method === 'SUBSCRIBE' && each.callId !== anew.callId));
    await close();
  });

  test('a PBX that no longer answers: the lamp does not lie', async () => {
    const at = await office();
    const { world, pbx, anna, close } = at;
    subscribe(anna, '230');
    notified(world, anna);
    const asked = await granted(at);
    await answerTo(pbx, told(pbx, asked, busy));
    assert.is(lampOf(world, anna), 'confirmed recipient 0301');
    world.clock.advance(480_000);
    await pbx.request('SUBSCRIBE');
    // Its REGISTER has run out meanwhile.
    anna.register();
    anna.inbox.splice(0);
    world.clock.advance(33_000);
    assert.is(lamp(notified(world, anna).at(-1)), '-');
    assert.is(world.core.upstreams.show('pbx').addresses[0]?.state, 'down');
    await close();
  });

  test('only of its own dialog, in order', async () => {
    const at = await office();
    const { world, pbx, anna, close } = at;
    subscribe(anna, '230');
    notified(world, anna);
    const asked = await granted(at);
    const first = told(pbx, asked, busy);
    const late = told(pbx, asked, '');
    assert.is(await answerTo(pbx, told(pbx, asked, busy)), 200);
    assert.is(lampOf(world, anna), 'confirmed recipient 0301');
    assert.is(await answerTo(pbx, late), 500);
    first.set('Call-ID', 'another');
    assert.is(await answerTo(pbx, first), 481);
    const forked = told(pbx, asked, '');
    forked.set('From', '<sip:230@pbx.invalid>;tag=another');
    assert.is(await answerTo(pbx, forked), 481);
    const event = pbx.build('NOTIFY', '100', [['Event', 'dialog']]);
    assert.is(await answerTo(pbx, event), 481);
    assert.is(lampOf(world, anna), '');
    await close();
  });

  test('at a PBX with users: as a user who has an account there, and as the next when he goes', async () => {
    const at = await office('register');
    const { world, pbx, anna, ben, close } = at;
    subscribe(anna, '230');
    subscribe(ben, '230');
    assert.is(lampOf(world, anna), '-');
    accountFor(world, '101');
    world.clock.advance(1);
    // The first it hears: it was not asked before there was somebody to ask as.
    const asked = await pbx.request('SUBSCRIBE');
    assert.match(asked.get('From') ?? '', '<sip:101@pbx.invalid>');
    pbx.challenge(asked, 'n1', 401);
    const second = await pbx.request('SUBSCRIBE');
    const given = parseCredentials(second.get('Authorization') ?? '');
    assert.is(given.username, 'u101');
    pbx.answer(second, 200, [['Expires', '600']]);
    await answerTo(pbx, told(pbx, second, busy));
    assert.is(lampOf(world, anna), 'confirmed recipient 0301');
    accountFor(world, '100');
    world.logout('HD0002');
    notified(world, ben);
    assert.is(lampOf(world, anna), '-');
    const named = async (): Promise<string> => {
      const next = await pbx.request('SUBSCRIBE');
      return next.get('Expires') === '0' ? named() : (next.get('From') ?? '');
    };
    world.clock.advance(1);
    assert.match(await named(), '<sip:100@pbx.invalid>');
    await close();
  });

  test('what is on no key, denied, or nobody’s number is refused; what goes to a user of ours is ours', async () => {
    const at = await office();
    const { world, pbx, anna, close } = at;
    assert.is(status(subscribe(anna, '231').response), 403);
    assert.is(status(subscribe(anna, '0900').response), 404);
    assert.is(status(subscribe(anna, '999').response), 404);
    subscribe(anna, '230');
    const asked = await granted(at);
    assert.is(asked.start.type === 'request' && asked.start.uri, 'sip:230@pbx.invalid');
    assert.is(await answerTo(pbx, told(pbx, asked, busy)), 200);
    notified(world, anna);
    world.store.note([
      { type: 'put', collection: 'users', value: { extension: '230', name: 'Dan', hotdesk: true, keys: [] } },
    ]);
    const last = await pbx.request('SUBSCRIBE');
    assert.equal([last.callId, last.get('Expires')], [asked.callId, '0']);
    pbx.answer(last, 200);
    assert.is(await answerTo(pbx, told(pbx, asked, '')), 481);
    // Past the refresh that would have been due; whatever was sent before the answer is there by then.
    world.clock.advance(500_000);
    assert.is(await answerTo(pbx, told(pbx, asked, '')), 481);
    assert.not.ok(pbx.inbox.some(({ start }) => start.type === 'request' && start.method === 'SUBSCRIBE'));
    await close();
  });

  test('after a restart the PBX is asked anew', async () => {
    const at = await office();
    const { world, anna, close } = at;
    subscribe(anna, '230');
    const asked = await granted(at);
    world.restart();
    await until('the socket is open', () => world.core.upstreams.peerOf('pbx', ''));
    const anew = await granted(at);
    assert.is.not(anew.callId, asked.callId);
    await close();
  });

  test('an address that goes takes what it said with it, and the next is asked', async () => {
    const at = await office();
    const { world, pbx, anna } = at;
    const other = await openPbx();
    const { revision: _, ...value } = world.store.get('upstreams', 'pbx') ?? missing();
    const addresses = [pbx.address, other.address];
    world.store.note([
      { type: 'put', collection: 'upstreams', value: { ...value, addresses, probeSeconds: 10 } },
    ]);
    await until('the socket is open', () => world.core.upstreams.peerOf('pbx', ''));
    subscribe(anna, '230');
    const asked = await granted(at);
    await answerTo(pbx, told(pbx, asked, busy));
    assert.is(lamp(notified(world, anna).at(-1)), 'confirmed recipient 0301');
    await pbx.close();
    await until('it is down', () => {
      world.clock.advance(500);
      for (const each of anna.inbox.splice(0)) if (each.start.type === 'request') anna.answer(each, 200);
      return world.core.upstreams.show('pbx').addresses[0]?.state === 'down';
    });
    world.clock.advance(1_000);
    const there = await other.request('SUBSCRIBE');
    assert.is.not(there.callId, asked.callId);
    other.answer(there, 200, [['Expires', '600']]);
    assert.is(await answerTo(other, told(other, there, busy)), 200);
    world.core.close();
    await other.close();
  });
});
