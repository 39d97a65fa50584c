/** When one user's registration is tried again, and when it is not. */

import { pino } from 'pino';
import * as assert from 'uvu/assert';
import type { Change } from '#controller/model/ports.ts';
import type { UpstreamPeer } from '#controller/sip/peer.ts';
import { createRegistration } from '#controller/sip/upstream/registration.ts';
import { createRegistrations } from '#controller/sip/upstream/registrations.ts';
import { createResponse, type SipMessage } from '#protocol/sip/message.ts';
import type { OnClient } from '#protocol/sip/transactions.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { configured } from './pbx.ts';

const at = { address: '192.0.2.1', port: 5060 };
const peer: UpstreamPeer = {
  ...{ type: 'upstream', upstream: 'pbx', domain: 'pbx.invalid', prefix: '' },
  ...{ transport: 'tcp', local: at, remote: at, account: '100', offset: 0 },
};

function open() {
  const clock = createFakeClock();
  const asked: { message: SipMessage; on: OnClient }[] = [];
  const registration = createRegistration({
    extension: '100',
    upstream: 'pbx',
    peers: () => [peer],
    ask: (message, _, on) => void asked.push({ message, on }),
    clock,
    random: (bytes) => new Uint8Array(bytes),
    onChange: () => undefined,
  });
  const answer = (status: number) => {
    const last = asked.at(-1);
    last?.on.response(createResponse(last.message, status, { toTag: 't', headers: [['Expires', '600']] }));
  };
  clock.advance(1);
  return { clock, registration, answer, expires: () => asked.map(({ message }) => message.get('Expires')) };
}

describe('controller/sip/upstream: a registration', (test) => {
  // biome-ignore format: a table
  const kicks: { name: string; status: number; asked: number }[] = [
    { name: 'that stands is made again when the PBX may have forgotten it', status: 200, asked: 2 },
    { name: 'that failed is tried at once when the PBX is back',             status: 503, asked: 2 },
    { name: 'that was refused is not: the password is still wrong',          status: 403, asked: 1 },
  ];
  for (const { name, status, asked } of kicks) {
    test(name, () => {
      const { clock, registration, answer, expires } = open();
      answer(status);
      registration.kick(0);
      clock.advance(1);
      assert.is(expires().length, asked);
    });
  }

  // biome-ignore format: a table
  const ends: { name: string; end: 'close' | 'stop'; granted: boolean; asked: string[] }[] = [
    { name: 'is taken back at logout',                       end: 'close', granted: true,  asked: ['600', '0'] },
    { name: 'outlives a controller that stops',              end: 'stop',  granted: true,  asked: ['600'] },
    { name: 'on its way at logout is taken back when it is granted', end: 'close', granted: false, asked: ['600', '0'] },
    { name: 'on its way when the controller stops is left',  end: 'stop',  granted: false, asked: ['600'] },
  ];
  for (const { name, end, granted, asked } of ends) {
    test(name, () => {
      const { clock, registration, answer, expires } = open();
      if (granted) answer(200);
      registration[end]();
      if (!granted) answer(200);
      assert.equal(expires(), asked);
      assert.is(clock.pending(), 0);
    });
  }

  test('on its way at logout and refused is not asked for again', () => {
    const { registration, answer, expires } = open();
    registration.close();
    answer(403);
    assert.equal(expires(), ['600']);
  });

  test('on its way at logout and granted after he is back stands: to take it back would end the new one', () => {
    const login: Change = {
      type: 'put',
      collection: 'sessions',
      value: { device: 'HD0001', extension: '100', since: 0, how: 'api' },
    };
    const account = { id: 'pbx', user: 'u100', secret: 'sealed' };
    const store = createMemoryStore([
      {
        type: 'put',
        collection: 'upstreams',
        value: configured({ id: 'pbx', mode: 'register', addresses: [at] }),
      },
      {
        type: 'put',
        collection: 'users',
        value: { extension: '100', name: 'Anna', hotdesk: true, keys: [], upstream: account },
      },
      login,
    ]);
    const clock = createFakeClock();
    const asked: { message: SipMessage; on: OnClient }[] = [];
    const registrations = createRegistrations({
      ...{ store, clock, log: pino({ level: 'silent' }) },
      random: (bytes) => new Uint8Array(bytes),
      ask: (message, _, on) => void asked.push({ message, on }),
      peersOf: () => [peer],
      onChange: () => undefined,
    });
    clock.advance(1);
    store.note([{ type: 'delete', collection: 'sessions', id: 'HD0001' }]);
    store.note([login]);
    clock.advance(1);
    assert.is(asked.length, 2);
    for (const { message, on } of [...asked]) on.response(createResponse(message, 200, { toTag: 't' }));
    assert.equal(
      asked.map(({ message }) => message.get('Expires')),
      ['600', '600'],
    );
    registrations.close();
  });
});
