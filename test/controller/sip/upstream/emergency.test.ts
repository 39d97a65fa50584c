/** 112 over a trunk that wants a digest and reads no multipart, behind a gateway that refuses; and its call-back. */

import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { createWorld, flowAt } from '#test/controller/sip/world.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { configured, openPbx } from './pbx.ts';

const keys = createKeys(new Uint8Array(32).fill(7));
const deadlineMs = 20_000;

const statusOf = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);
const numberOf = ({ cseq }: SipMessage) => `${cseq.number} ${cseq.method}`;

async function office(more: { mode?: 'trunk' | 'register' } = {}) {
  const pbx = await openPbx();
  const world = createWorld();
  const value = configured({
    ...{ id: 'telco', mode: 'trunk', addresses: [pbx.address], authentication: 'digest', username: 't1' },
    ...{ secret: keys.seal(sealedFor.upstream('telco'), 'pw'), denied: ['1'], ...more },
  });
  const site = world.store.get('sites', 'north');
  assert.ok(site !== undefined);
  world.store.note([
    { type: 'put', collection: 'upstreams', value },
    {
      type: 'put',
      collection: 'sites',
      value: {
        ...site,
        place: { country: 'DE', A3: 'Berlin', RD: 'Weg', callerId: '+4930100', callbackNumber: '+4930101' },
        emergencyRoutes: [
          { type: 'gateway', location: 'none' },
          { type: 'upstream', upstream: 'telco', location: 'value' },
        ],
      },
    },
  ]);
  const exits = () => world.core.emergency.waysOut.routesOf(site, '112')[0];
  await until('the core has its routes', exits);
  const phone = world.phone('HD0001', flowAt('north', 11));
  const gateway = world.phone('gateway', { ...flowAt('north', 0), remote: world.gateway });
  phone.register();
  world.login('HD0001', '100');
  return {
    ...{ world, pbx, phone, gateway },
    async close() {
      world.core.close();
      await pbx.close();
    },
  };
}

describe('controller/sip/upstream: emergency', (test) => {
  test(
    'as the trunk and for the desk; numbers rise with each try, challenge and refusal',
    async () => {
      const { world, pbx, phone, gateway, close } = await office();
      await until('a way over the trunk', () =>
        world.core.upstreams.target({ upstream: 'telco', number: '112' }, ''),
      );
      const invite = phone.send(phone.build('INVITE', { uri: 'sip:112@192.0.2.1:5060', body: 'v=0\r\n' }));
      gateway.answer(gateway.take(), 503);

      const first = await pbx.request('INVITE');
      assert.equal(
        [first.get('To'), first.from.uri, numberOf(first)],
        ['<sip:112@pbx.invalid>', 'sip:+4930100@pbx.invalid', '2 INVITE'],
      );
      assert.match(first.get('Content-Type') ?? '', 'multipart/mixed');
      pbx.challenge(first, 'n1');
      const second = await pbx.request('INVITE');
      assert.match(second.get('Proxy-Authorization') ?? '', 'username="t1"');
      pbx.answer(second, 415);
      const third = await pbx.request('INVITE');
      assert.is(third.get('Geolocation'), undefined);
      pbx.answer(third, 200);
      const ok = await until('the 200', () => phone.inbox.find((each) => statusOf(each) === 200));
      assert.is(numberOf(ok), numberOf(invite));
      phone.send(phone.asCaller('ACK', invite, ok));
      // Those of the refusals come first.
      let ack = await pbx.request('ACK');
      while (ack.cseq.number !== third.cseq.number) ack = await pbx.request('ACK');
      phone.send(phone.asCaller('REFER', invite, ok, [['Refer-To', '<sip:101@192.0.2.1:5060>']]));
      await until('the 403', () => phone.inbox.some((each) => statusOf(each) === 403));
      phone.send(phone.asCaller('BYE', invite, ok));
      const bye = await pbx.request('BYE');
      assert.ok(bye.cseq.number > ack.cseq.number);
      assert.equal(
        [second, third].map(({ cseq }) => cseq.number),
        [3, 4],
      );
      await close();
    },
    deadlineMs,
  );

  test(
    'is called back from there, whoever is logged in; a number nobody called from is nobody',
    async () => {
      const { world, pbx, phone, gateway, close } = await office();
      await until('a way over the trunk', () =>
        world.core.upstreams.target({ upstream: 'telco', number: '112' }, ''),
      );
      phone.send(phone.build('INVITE', { uri: 'sip:112@192.0.2.1:5060' }));
      gateway.answer(gateway.take(), 503);
      pbx.answer(await pbx.request('INVITE'), 480);
      pbx.answer(await pbx.request('INVITE'), 480);
      world.logout('HD0001');
      phone.inbox.splice(0);
      pbx.send(pbx.build('INVITE', '+4930101'));
      const rung = await until('the call-back', () =>
        phone.inbox.find(({ start }) => start.type === 'request' && start.method === 'INVITE'),
      );
      assert.match(rung.get('P-Asserted-Identity') ?? '', /"Emergency" <sip:0301234@/);
      const stranger = pbx.send(pbx.build('INVITE', '+4930999'));
      const refused = await until('the 404', () =>
        pbx.inbox.find((each) => each.callId === stranger.callId && statusOf(each) > 100),
      );
      assert.is(statusOf(refused), 404);
      await close();
    },
    deadlineMs,
  );

  test("an upstream where calls go by users' accounts is no way out", async () => {
    const { world, close } = await office({ mode: 'register' });
    const site = world.store.get('sites', 'north');
    assert.ok(site !== undefined);
    assert.match(world.core.emergency.waysOut.problemsOf(site).join(' '), /upstream telco: there is no way/);
    await close();
  });
});
