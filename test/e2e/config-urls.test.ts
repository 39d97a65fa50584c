/**
 * A config URL that is not right is nothing: whatever is wrong with it, the
 * answer is one and the same, byte for byte.
 */

import { connect } from 'node:net';
import * as assert from 'uvu/assert';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import { describe } from '#test/support/describe.ts';
import { inWorld, macOf, type World } from './world.ts';

const deadlineMs = 60_000;

/** Every byte that comes back. `from`: another phone of the LAN, for who guesses is slowed down. */
function exchange(to: HostPort, request: string, from = '127.0.0.1'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: to.address, port: to.port, localAddress: from });
    let answer = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      answer += part;
    });
    socket.on('error', reject).on('close', () => resolve(answer));
    socket.write(request.replace('HOST', formatHostPort(to)));
  });
}

const get = (path: string, method = 'GET') =>
  `${method} ${path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n`;

async function withUrl(run: (world: World, folder: string, to: HostPort) => Promise<void>): Promise<void> {
  await inWorld(
    async (world) => {
      const url = new URL(await world.url('HD0001'));
      const to = { address: url.hostname, port: Number(url.port) };
      const right = await exchange(to, get(`${url.pathname}${macOf('HD0001')}.cfg`));
      assert.match(right, /^HTTP\/1\.1 200 /);
      await run(world, url.pathname, to);
    },
    { desks: 2 },
  );
}

describe('a config URL', (test) => {
  test(
    'with a wrong token, for another site, with a traversal, of an unknown file: the same 404',
    async () => {
      await withUrl(async (world, folder, to) => {
        const own = `${macOf('HD0001')}.cfg`;
        await world.ask('POST', '/sites', { id: 'wien' });
        const far = { mac: '001565d00099', model: 'T46S', site: 'wien' };
        const { id } = (await world.ask('POST', '/devices', far)) as { id: string };
        const paths = {
          'a wrong token': `/p/${'A'.repeat(22)}/${own}`,
          'no token': `/${own}`,
          'a token cut short': `${folder.slice(0, -2)}/${own}`,
          'another device of this site': `${folder}${macOf('HD0002')}.cfg`,
          'a device of another site': `${folder}${far.mac}.cfg`,
          'a traversal': `${folder}../../etc/passwd`,
          'an escaped traversal': `${folder}..%2f..%2fetc%2fpasswd`,
          'a traversal back to itself': `${folder}../${folder.split('/')[2]}/${own}`,
          'an unknown file': `${folder}y000000000099.cfg`,
          'a file with a query': `${folder}${own}?x=1`,
          'an absolute URL of another host': `http://192.0.2.1${folder}${own}`,
          'the root': '/',
          'a path with a control character': `${folder}\u0001${own}`,
          'the API': '/api/v1/devices',
        };
        const answers = new Map<string, string>();
        for (const [what, path] of Object.entries(paths)) answers.set(what, await exchange(to, get(path)));
        for (const method of ['POST', 'PUT', 'OPTIONS', 'TRACE', 'CONNECT']) {
          answers.set(method, await exchange(to, get(`${folder}${own}`, method)));
        }
        const [expected = ''] = answers.values();
        assert.match(expected, /^HTTP\/1\.1 404 Not Found\r\n/);
        for (const [what, answer] of answers) assert.is(answer, expected, what);

        // Their own tokens do not help where they do not belong: each is of another site than the agent.
        const moved = { site: 'wien' };
        await world.ask('PATCH', '/devices/HD0001', moved);
        assert.is(await exchange(to, get(`${folder}${own}`)), expected, `HD0001 now of wien, beside ${id}`);
        assert.ok((await world.counter('config.refused.site')) > 0);
        assert.ok((await world.counter('config.refused.token')) > 0);
        assert.ok((await world.counter('config.refused.mac')) > 0);
      });
    },
    deadlineMs,
  );

  test(
    'with 2,000 wrong MACs: the same 404 each time, and other phones are served meanwhile',
    async () => {
      await withUrl(async (_, folder, to) => {
        const answers = new Set<string>();
        let next = 0;
        async function guess(): Promise<void> {
          while (next < 2_000) {
            const mac = (0x805ec0000000 + next++).toString(16);
            answers.add(await exchange(to, get(`${folder}${mac}.cfg`), '127.0.0.9'));
          }
        }
        await Promise.all(Array.from({ length: 16 }, guess));
        assert.is(answers.size, 1, [...answers].join('\n'));
        assert.match([...answers][0] ?? '', /^HTTP\/1\.1 404 Not Found\r\n/);
        const other = await exchange(to, get(`${folder}${macOf('HD0001')}.cfg`), '127.0.0.1');
        assert.match(other, /^HTTP\/1\.1 200 /);
      });
    },
    deadlineMs,
  );
});
