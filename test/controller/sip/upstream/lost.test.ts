/** A PBX by TCP whose connection cannot be made, is lost, or is forgotten by whatever lies between. */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pino } from 'pino';
import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import type { Upstream } from '#controller/model/model.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { openWay } from '#controller/sip/upstream/way.ts';
import { formatHostPort } from '#protocol/address.ts';
import {
  createRequest,
  createResponse,
  formatMessage,
  parseMessage,
  type SipMessage,
} from '#protocol/sip/message.ts';
import { SipStream } from '#protocol/sip/stream.ts';
import { createWorld, flowAt } from '#test/controller/sip/world.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';
import { configured } from './pbx.ts';

const keys = createKeys(new Uint8Array(32).fill(7));
const address = '127.0.0.1';

/** What it hears, of all connections; REGISTER and, when told, OPTIONS are answered. */
async function openTcpPbx({ answersProbes = true } = {}) {
  const server: Server = createServer().listen(0, address);
  await once(server, 'listening');
  const sockets: Socket[] = [];
  const inbox: SipMessage[] = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    const stream = new SipStream();
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const event of stream.take(chunk, 0)) {
        if (event.type !== 'message') continue;
        const message = parseMessage(event.bytes);
        const isAnswered = message.method === 'REGISTER' || (message.method === 'OPTIONS' && answersProbes);
        if (isAnswered) socket.write(formatMessage(createResponse(message, 200, { toTag: 'pbx' })));
        if (message.start.type === 'request') inbox.push(message);
      }
    });
  });
  return {
    address: { address, port: (server.address() as { port: number }).port },
    sockets,
    heard: (method: string) => inbox.filter((each) => each.method === method).length,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function office(fields: Partial<Upstream> & Pick<Upstream, 'mode' | 'addresses'>) {
  const world = createWorld();
  const value = configured({ id: 'pbx', transport: 'tcp', numbers: ['0'], ...fields });
  world.store.note([{ type: 'put', collection: 'upstreams', value }]);
  await until('the socket is open', () => world.core.upstreams.peerOf('pbx', ''));
  return {
    world,
    /** Timers that are due now run; those of a later second do not. */
    soon: (what: string, probe: () => unknown) =>
      until(what, () => {
        world.clock.advance(1);
        return probe();
      }),
  };
}

function raise(): never {
  throw new Error('no user 100');
}

describe('controller/sip/upstream: a connection', (test) => {
  test('that is refused: the call goes to the next address at once, and fails when there is none', async () => {
    const pbx = await openTcpPbx();
    const dead = { address, port: await freePort() };
    const { world, soon } = await office({ mode: 'trunk', addresses: [dead, pbx.address] });
    const phone = world.phone('HD0001', flowAt('north', 11));
    phone.register();
    world.login('HD0001', '100');
    phone.call('030123');
    await soon('the call at the second', () => pbx.heard('INVITE') === 1);
    assert.is(world.core.upstreams.show('pbx').addresses[0]?.state, 'down');

    const alone = configured({
      id: 'pbx',
      mode: 'trunk',
      transport: 'tcp',
      numbers: ['0'],
      addresses: [dead],
    });
    world.store.note([{ type: 'put', collection: 'upstreams', value: alone }]);
    await until('the new way', () => world.core.upstreams.peerOf('pbx', ''));
    phone.inbox.splice(0);
    phone.call('030124');
    await soon('an answer', () => / 480$|^480$/.test(phone.heard()));
    world.core.close();
    await pbx.close();
  });

  test('that is lost: every user registers again, over a new one', async () => {
    const pbx = await openTcpPbx();
    const { world, soon } = await office({ mode: 'register', addresses: [pbx.address] });
    const { revision: _, ...user } = world.store.get('users', '100') ?? raise();
    const account = { id: 'pbx', user: 'u100', secret: keys.seal(sealedFor.user('100'), 'secret') };
    world.store.note([{ type: 'put', collection: 'users', value: { ...user, upstream: account } }]);
    world.login('HD0001', '100');
    const registration = () => world.core.upstreams.show('pbx').registrations[0];
    await soon('registered', () => registration()?.state === 'registered');
    const since = registration()?.since ?? 0;
    pbx.sockets[0]?.destroy();
    await soon('registered again', () => (registration()?.since ?? 0) > since);
    assert.is(pbx.heard('REGISTER'), 2);
    world.core.close();
    await pbx.close();
  });

  test('that is lost again and again: what follows is done every 10 s', async () => {
    const clock = createFakeClock();
    let ups = 0;
    const endpoint = { local: { address, port: 1 }, send: () => true, close: () => undefined };
    const way = openWay({
      upstream: {
        ...configured({ id: 'pbx', mode: 'trunk', addresses: [{ address, port: 2 }] }),
        revision: 1,
      },
      endpoints: { acquire: async () => ({ endpoint, release: () => undefined }), close: () => undefined },
      ask: () => undefined,
      clock,
      log: pino({ level: 'silent' }),
      random: (bytes) => new Uint8Array(bytes),
      onUp: () => ups++,
      onReach: () => undefined,
    });
    await until('it is open', () => ups === 1);
    const seconds = [0, 0, 1, 5, 9].map((at) => {
      clock.advance(at * 1_000);
      way.lost();
      clock.advance(1);
      return ups;
    });
    assert.equal(seconds, [2, 2, 2, 2, 3]);
    way.close();
    assert.is(clock.pending(), 0);
  });

  test('of the PBX’s own ends after its call began: what follows goes where it is configured', async () => {
    const pbx = await openTcpPbx();
    const { world, soon } = await office({ mode: 'trunk', addresses: [pbx.address] });
    const phone = world.phone('HD0001', flowAt('north', 11));
    phone.register();
    world.login('HD0001', '100');
    const local = world.core.upstreams.peerOf('pbx', '')?.local ?? pbx.address;
    const own = connect(local.port, local.address);
    const invite = createRequest({
      method: 'INVITE',
      uri: 'sip:100@pbx.invalid',
      headers: [
        ['Via', `SIP/2.0/TCP ${formatHostPort(pbx.address)};branch=z9hG4bKown`],
        ['From', '<sip:030123@pbx.invalid>;tag=far'],
        ['To', '<sip:100@pbx.invalid>'],
        ['Call-ID', 'own'],
        ['CSeq', '1 INVITE'],
        ['Contact', `<sip:far@${formatHostPort(pbx.address)};transport=tcp>`],
      ],
    });
    const told = once(own, 'data');
    own.write(formatMessage(invite));
    await soon('it rings', () => phone.inbox.length > 0);
    const got = phone.take();
    phone.answer(got, 200);
    assert.match(String((await told)[0]), /^SIP\/2\.0 200 /);
    const ended = once(own, 'close');
    own.destroy();
    await ended;
    phone.send(phone.asCallee('BYE', got));
    await soon('the BYE', () => pbx.heard('BYE') === 1);
    world.core.close();
    await pbx.close();
  });

  test('over which a question stays unanswered, and all else: a new one is made', async () => {
    const pbx = await openTcpPbx({ answersProbes: false });
    const { world, soon } = await office({ mode: 'trunk', addresses: [pbx.address], probeSeconds: 30 });
    await soon('a question', () => pbx.heard('OPTIONS') === 1);
    const [first] = pbx.sockets;
    assert.ok(first);
    const ended = once(first, 'close');
    world.clock.advance(4_000);
    await ended;
    await soon('asked over another', () => pbx.heard('OPTIONS') === 2);
    assert.is(pbx.sockets.length, 2);
    world.core.close();
    await pbx.close();
  });
});
