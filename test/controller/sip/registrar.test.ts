import * as assert from 'uvu/assert';
import type { HeaderList, SipMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { createWorld, flowAt } from './world.ts';

const statusOf = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);
const own = 'sip:HD0001@192.0.2.11:5060';

function start() {
  const world = createWorld();
  return { world, phone: world.phone('HD0001', flowAt('north', 11)) };
}

/** REGISTER with these headers instead of the phone's own Contact and Expires. */
// biome-ignore format: a table
const requests: { name: string; headers: HeaderList; status: number; contact?: string }[] = [
  { name: 'an hour',                   headers: [['Contact', `<${own}>`], ['Expires', '3600']],        status: 200, contact: `<${own}>;expires=3600` },
  { name: 'a day, which is too long',  headers: [['Contact', `<${own}>`], ['Expires', '86400']],       status: 200, contact: `<${own}>;expires=3600` },
  { name: 'no time',                   headers: [['Contact', `<${own}>`]],                             status: 200, contact: `<${own}>;expires=3600` },
  { name: 'the Contact\'s own time',   headers: [['Contact', `<${own}>;expires=90`], ['Expires', '9999']], status: 200, contact: `<${own}>;expires=90` },
  { name: 'ten seconds',               headers: [['Contact', `<${own}>`], ['Expires', '10']],          status: 423 },
  { name: 'no time that is a number',  headers: [['Contact', `<${own}>`], ['Expires', '1e9']],         status: 400 },
  { name: 'a negative time',           headers: [['Contact', `<${own}>;expires=-1`]],                  status: 400 },
  { name: 'a q that is none',          headers: [['Contact', `<${own}>;q=yes`]],                       status: 400 },
  { name: 'an old Contact taken back', headers: [['Contact', `<sip:old@192.0.2.9>;expires=0, <${own}>;expires=60`]], status: 200, contact: `<${own}>;expires=60` },
  { name: 'two Contacts',              headers: [['Contact', `<${own}>, <sip:x@192.0.2.9>`]],          status: 400 },
  { name: 'a thousand Contacts',       headers: [['Contact', Array(150).fill(`<${own}>`).join(', ')]], status: 400 },
  { name: 'a tel: Contact',            headers: [['Contact', '<tel:123>']],                            status: 400 },
  { name: 'a Contact with headers',    headers: [['Contact', `<${own}?Route=x>`]],                     status: 400 },
  { name: 'a long Contact',            headers: [['Contact', `<sip:${'a'.repeat(600)}@b>`]],           status: 400 },
  { name: '* with a time',             headers: [['Contact', '*'], ['Expires', '3600']],               status: 400 },
  { name: '* without a time',          headers: [['Contact', '*']],                                    status: 400 },
  { name: '* beside another',          headers: [['Contact', '*'], ['Contact', `<${own}>`], ['Expires', '0']], status: 400 },
  { name: '*',                         headers: [['Contact', '*'], ['Expires', '0']],                  status: 200 },
  { name: 'nothing: a question',       headers: [],                                                    status: 200 },
  { name: 'an extension we lack',      headers: [['Require', 'gruu']],                                 status: 420 },
];

describe('registrar', (test) => {
  for (const { name, headers, status, contact } of requests) {
    test(`answers ${status} to ${name}`, () => {
      const { world, phone } = start();
      const request = phone.build('REGISTER', { to: `sip:HD0001@${phone.host}` });
      request.removeAll('Contact');
      for (const [header, value] of headers) request.append(header, value);
      phone.ask(request);
      const response = phone.take();
      assert.is(statusOf(response), status);
      assert.is(response.get('Contact'), contact);
      assert.is(world.store.get('bindings', 'HD0001') === undefined, contact === undefined);
      if (status === 200) assert.match(response.get('Date') ?? '', /GMT$/);
      if (status === 423) assert.is(response.get('Min-Expires'), '60');
    });
  }

  test('binds to where the packet came from, whatever the Contact says', () => {
    const { world, phone } = start();
    const request = phone.build('REGISTER', { to: `sip:HD0001@${phone.host}` });
    request.set('Contact', '<sip:HD0001@127.0.0.1:4222>');
    request.set('User-Agent', `Yealink ${'x'.repeat(500)}`);
    phone.ask(request);
    assert.is(statusOf(phone.take()), 200);
    const binding = world.store.get('bindings', 'HD0001');
    assert.equal(binding?.flow, phone.flow);
    assert.is(binding?.contact, 'sip:HD0001@127.0.0.1:4222');
    assert.is(binding?.userAgent.length, 128);

    const b = world.phone('HD0002', flowAt('north', 12));
    world.login('HD0001', '100');
    world.login('HD0002', '101');
    b.call('100');
    assert.is(phone.heard(), 'INVITE');
    assert.equal(world.told.lost, []);
  });

  test('lets a device hold its own name always, an extension while the session lasts', () => {
    const { world, phone } = start();
    assert.is(statusOf(phone.register({ aor: '100' })), 403);
    world.login('HD0001', '100');
    assert.is(statusOf(phone.register({ aor: '100' })), 200);
    assert.is(statusOf(phone.register({ aor: '101' })), 403);
    assert.is(statusOf(phone.register({ aor: 'HD0002' })), 403);
    world.logout('HD0001');
    assert.is(statusOf(phone.register({ aor: '100' })), 403);
    assert.is(world.store.get('bindings', 'HD0001')?.aor, '100');
    assert.is(statusOf(phone.register()), 200);
    assert.is(world.core.counters.foreignAor, 4);
    assert.equal(world.told.registered, ['HD0001 100 1', 'HD0001 HD0001 1']);
  });

  test('refuses what came late, and another name taken back ends nothing', () => {
    const { world, phone } = start();
    phone.register();
    phone.registration.cseq = 0;
    assert.is(statusOf(phone.register()), 500);
    world.login('HD0001', '100');
    phone.registration.cseq = 10;
    phone.register({ aor: '100' });
    assert.is(statusOf(phone.register({ expires: 0 })), 200);
    assert.ok((world.store.get('bindings', 'HD0001')?.expiresAt ?? 0) > world.clock.wall());
    assert.is(phone.register({ aor: '100', expires: 0 }).get('Contact'), undefined);
    assert.ok((world.store.get('bindings', 'HD0001')?.expiresAt ?? 0) <= world.clock.wall());
  });

  test('does not refuse a REGISTER that came twice', () => {
    const { phone } = start();
    const request = phone.ask(phone.build('REGISTER', { to: `sip:HD0001@${phone.host}` }));
    phone.send(request);
    assert.is(phone.heard(), '200 200');
  });

  test('keeps no transaction of a REGISTER, and does a repeated one once', () => {
    const { world, phone } = start();
    const full = createWorld({ maxTransactions: 1 });
    for (const number of [11, 12]) {
      const other = full.phone(`HD000${number - 10}`, flowAt('north', number));
      assert.is(statusOf(other.register()), 200);
    }
    const request = phone.ask(phone.build('REGISTER', { to: `sip:HD0001@${phone.host}` }));
    world.clock.advance(20_000);
    phone.send(request);
    assert.is(phone.heard(), '200 200');
    assert.is(world.core.counters.registered, 1);
  });
});
