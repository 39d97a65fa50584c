import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import * as assert from 'uvu/assert';
import { openIdentity } from '#controller/tunnel/certificate.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { exchange, openTls, post, upgradeRequest } from './raw.ts';
import { inWorld } from './world.ts';

describe('listener', (test) => {
  const rows = [
    'GET / HTTP/1.1',
    'GET /v1/enrol HTTP/1.1',
    'POST /v1/nonce HTTP/1.1',
    'GET /v1/nonce HTTP/1.1',
    'GET /api/v1/users HTTP/1.1',
    'GET /p/token/001122334455.cfg HTTP/1.1',
    'GET /install.sh HTTP/1.1',
    'GET /bundle/agent.mjs HTTP/1.1',
    'GET http://127.0.0.1:22/ HTTP/1.1',
    'OPTIONS * HTTP/1.1',
  ];
  for (const line of rows) {
    test(`has nothing at ${line}`, () =>
      inWorld(async (world) => {
        const answer = await exchange(world, `${line}\r\nHost: x\r\n\r\n`);
        assert.ok(answer.startsWith('HTTP/1.1 404 '), answer);
        assert.ok(answer.endsWith('\r\n\r\n'));
        assert.is(world.hub.counters.strayed, 1);
      }));
  }

  test('has no other socket', () =>
    inWorld(async (world) => {
      assert.ok(
        (await exchange(world, upgradeRequest('/v1/tunnel/other', undefined))).startsWith('HTTP/1.1 404'),
      );
    }));

  test('takes no header without end', () =>
    inWorld(async (world) => {
      assert.is(await exchange(world, `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`), '');
    }));

  test(
    'lets go of who is silent',
    () =>
      inWorld(async (world) => {
        const since = performance.now();
        const socket = await openTls(world);
        socket.write('GET /v1/nonce HTT');
        await new Promise((resolve) => {
          socket.once('close', resolve);
          socket.resume();
        });
        assert.ok(performance.now() - since < 8_000);
      }),
    9_000,
  );

  const unwelcome = [
    { name: 'an upgrade without a proof', request: upgradeRequest('/v1/tunnel/signal', undefined) },
    { name: 'an upgrade to nothing', request: upgradeRequest('/v1/tunnel/other', undefined) },
    { name: 'an enrolment without a token', request: post('/v1/enrol', '{}') },
    { name: 'what is not there', request: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' },
  ];
  for (const { name, request } of unwelcome) {
    test(`lets go of who was refused ${name}, also where he does not`, () =>
      inWorld(async ({ hub }) => {
        const at = { host: '127.0.0.1', port: hub.address.port, allowHalfOpen: true };
        const socket = connect({ ...at, rejectUnauthorized: false } as ConnectionOptions);
        let answer = '';
        socket
          .on('error', () => {})
          .on('data', (bytes: Buffer) => {
            answer += bytes.toString('latin1');
          });
        socket.write(request);
        // A socket that nobody has any more resets who goes on writing.
        await until('it is let go', () => {
          if (socket.readableEnded) socket.write('more');
          return socket.destroyed;
        });
        assert.match(answer, /^HTTP\/1\.1 40[14] /);
      }));
  }

  test('keeps its keys from other eyes, and over a restart', () =>
    inWorld(async (world) => {
      const { pin } = world.hub;
      for (const file of await readdir(world.folder)) {
        assert.is((await stat(join(world.folder, file))).mode & 0o777, 0o600, file);
      }
      assert.equal((await readdir(world.folder)).sort(), ['tls-next.key', 'tls.crt', 'tls.key']);
      await world.restartHub();
      assert.is(world.hub.pin, pin);
    }));

  test('refuses a key file that is none, naming it', () =>
    inWorld(async (world) => {
      await world.hub.close();
      await writeFile(join(world.folder, 'tls.key'), 'cut short');
      const error = await openIdentity(world.folder).catch((why: unknown) => why);
      assert.ok(Fault.is(error, 'store.corrupt'));
      assert.ok(String(error.facts.file).endsWith('tls.key'));
    }));
});
