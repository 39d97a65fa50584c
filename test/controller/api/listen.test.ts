import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import * as assert from 'uvu/assert';
import { openCertificate } from '#controller/api/certificate.ts';
import { listenApi } from '#controller/api/listen.ts';
import { openPageCertificate } from '#controller/tunnel/page-certificate.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { createApiWorld } from '#test/controller/api/world.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const log = { info: () => {}, error: () => {} };
const name = 'desk.example';

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-listen-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Answer = { status: number; fingerprint: string; headers: NodeJS.Dict<string | string[]> };

function get(port: number, ca: string, host = `${name}:${port}`): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const at = {
      host: '127.0.0.1',
      port,
      path: '/api/v1/me',
      servername: name,
      ca,
      headers: { host },
      agent: false,
    };
    request(at, (response) => {
      const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
      response.resume().on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, fingerprint: fingerprint256, headers });
      });
    })
      .on('error', reject)
      .end();
  });
}

/** Until it is let go. */
async function askAndReadNothing({ address }: { address: HostPort }): Promise<void> {
  const socket = connect(address.port, address.address);
  socket.on('error', () => {});
  // Soon more answers than fit what lies between.
  const line = `GET / HTTP/1.1\r\nHost: ${formatHostPort(address)}\r\n\r\n`;
  await until('it is let go', () => {
    if (socket.writableLength < 1_000_000) socket.write(line.repeat(1_000));
    return socket.destroyed;
  });
}

describe('API listener', (test) => {
  test('over TLS: under the names of its certificate, with what a browser needs to stay there', () =>
    withFolder(async (folder) => {
      const files = await openPageCertificate(folder, [name, '127.0.0.1']);
      const clock = createFakeClock();
      const tls = await openCertificate({ files, clock, log });
      const { deps } = createApiWorld();
      const listen = { address: '127.0.0.1', port: 0 };
      const api = await listenApi({ ...deps, tls, listen, socket: join(folder, 'c.sock') });
      try {
        const { port } = api.address;
        assert.is(api.url, `https://${name}:${port}`);
        const answer = await get(port, tls.current.cert);
        assert.is(answer.status, 401);
        assert.match(String(answer.headers['strict-transport-security']), /^max-age=/);
        assert.is((await get(port, tls.current.cert, `127.0.0.1:${port}`)).status, 401);
        assert.is((await get(port, tls.current.cert, `evil.example:${port}`)).status, 403);

        // A renewed pair is taken without a restart.
        await rm(files.cert);
        await rm(files.key);
        await openPageCertificate(folder, [name, '127.0.0.1']);
        const renewed = await readFile(files.cert, 'utf8');
        clock.advance(30_000);
        await until('the new certificate', () => tls.current.cert === renewed);
        const again = await get(port, renewed);
        assert.is(again.status, 401);
        assert.is.not(again.fingerprint, answer.fingerprint);
      } finally {
        tls.close();
        await api.close();
      }
    }));

  test('plain HTTP stays on loopback', () =>
    withFolder(async (folder) => {
      const { deps } = createApiWorld();
      const listen = { address: '192.0.2.7', port: 0 };
      const refused = await listenApi({ ...deps, listen, socket: join(folder, 'c.sock') }).catch(
        (e: unknown) => e,
      );
      assert.ok(Fault.is(refused, 'input.invalid'));
      assert.is(refused.facts.field, 'api-listen');
    }));

  test('lets go of who asks and does not read', () =>
    withFolder(async (folder) => {
      const { deps } = createApiWorld();
      const listen = { address: '127.0.0.1', port: 0 };
      const api = await listenApi({ ...deps, listen, socket: join(folder, 'c.sock'), silentMs: 300 });
      try {
        await askAndReadNothing(api);
      } finally {
        await api.close();
      }
    }));

  test('keeps who waits for an answer that takes longer than that', () =>
    withFolder(async (folder) => {
      const { deps } = createApiWorld();
      const listen = { address: '127.0.0.1', port: 0 };
      let answer: ((isRight: boolean) => void) | undefined;
      const isRight = () =>
        new Promise<boolean>((resolve) => {
          answer = resolve;
        });
      const passwords = { hash: async () => '', isRight };
      const socket = join(folder, 'c.sock');
      const api = await listenApi({ ...deps, passwords, listen, socket, silentMs: 300 });
      try {
        const asked = fetch(`${api.url}/api/v1/sign-in`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ name: 'anna', password: 'x' }),
        }).then(
          ({ status }) => status,
          (error: unknown) => error,
        );
        await until('it is worked on', () => answer);
        await askAndReadNothing(api); // which takes as long
        answer?.(false);
        assert.is(await asked, 401);
      } finally {
        await api.close();
      }
    }));
});

describe('certificate of the page', (test) => {
  test('is kept, and made anew for another name', () =>
    withFolder(async (folder) => {
      const { cert, key } = await openPageCertificate(folder, [name]);
      const first = await readFile(cert, 'utf8');
      await openPageCertificate(folder, [name]);
      assert.is(await readFile(cert, 'utf8'), first);
      await openPageCertificate(folder, ['other.example', '192.0.2.7']);
      assert.is.not(await readFile(cert, 'utf8'), first);
      for (const file of [cert, key]) assert.is((await stat(file)).mode & 0o777, 0o600);
    }));

  test('a file that is none is refused by name; a half-written one is not taken', () =>
    withFolder(async (folder) => {
      const files = await openPageCertificate(folder, [name]);
      const clock = createFakeClock();
      const errors: string[] = [];
      const told = { info: () => {}, error: (_: object, message: string) => errors.push(message) };
      const tls = await openCertificate({ files, clock, log: told });
      const { cert } = tls.current;
      await writeFile(files.cert, cert.slice(0, 100));
      clock.advance(30_000);
      await until('the refusal', () => errors.length === 1);
      assert.is(tls.current.cert, cert);
      tls.close();
      const refused = await openCertificate({ files, clock, log }).catch((e: unknown) => e);
      assert.ok(Fault.is(refused, 'input.invalid') && refused.message.includes(files.cert));
    }));
});
