/** Each service against its vendor's server: what proves us, what it is told, and what it says when it refuses. */

import * as assert from 'uvu/assert';
import type { RedirectionServiceId } from '#controller/model/redirection.ts';
import { kinds } from '#controller/provisioning/rps/kinds.ts';
import { createSender } from '#controller/provisioning/rps/send.ts';
import { systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import {
  type Asked,
  account,
  directoryServer,
  fanvilFdpsServer,
  openVendor,
  type Said,
  yealinkRpsServer,
  yealinkYmcsServer,
} from './vendor.ts';

const mac = '001565aabb01';
const taken = '001565aabb99';
const one = 'http://192.0.2.7:8080/p/AAAAAAAAAAAAAAAAAAAAAA/';
const other = 'https://198.51.100.7:8443/p/BBBBBBBBBBBBBBBBBBBBBB/x';

type Made = { answer(asked: Asked): Said; urlOf(mac: string): string | undefined };
type Row = { id: RedirectionServiceId; path: string; make: () => Made; wrong: RegExp; others: RegExp };

// biome-ignore format: a table
const rows: Row[] = [
  { id: 'yealink-rps', path: '', make: () => yealinkRpsServer([taken]), wrong: /said: signature\.invalid/, others: /device\.mac\.existed.*another account/ },
  { id: 'yealink-ymcs', path: '', make: () => yealinkYmcsServer([taken]), wrong: /said: bad client, code 900401, HTTP 401/, others: /Resource already exists/ },
  { id: 'snom-sraps', path: '/api/v1', make: () => directoryServer('setting_server', [taken]), wrong: /said: Bad mac, HTTP 401/, others: /owned by another company, HTTP 403/ },
  { id: 'gigaset-grape', path: '/api/v1/', make: () => directoryServer('ProvisioningServer', [taken]), wrong: /said: Bad mac, HTTP 401/, others: /owned by another company, HTTP 403/ },
  { id: 'fanvil-fdps', path: '/xmlrpc.php', make: () => fanvilFdpsServer([taken]), wrong: /said: Unauthorized \(HTTP 401\)/, others: /Error:owned_by_other_user/ },
];

async function open({ id, path, make }: Row, secret = account.secret) {
  const served = make();
  const vendor = await openVendor(served.answer);
  const sender = createSender({ clock: systemClock, firstWaitMs: 1 });
  let serial = 0;
  const service = kinds[id].open({
    account: { name: account.name, secret, url: vendor.url + path },
    send: sender.send,
    wall: Date.now,
    nonce: () => String(++serial).padStart(32, '0'),
  });
  return { served, vendor, service, close: () => Promise.all([sender.close(), vendor.close()]) };
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (Fault.is(error, 'forbidden')) return error.message;
    throw error;
  }
  return 'not refused';
}

for (const row of rows) {
  describe(`redirection by ${row.id}`, (test) => {
    test('signed as documented: registered, changed, looked up, removed, twice', async () => {
      const { served, service, close } = await open(row);
      await service.check();
      assert.is((await service.lookUp(mac)).isRegistered, false);
      for (const url of [one, other, other]) {
        await service.register(mac, url);
        assert.is(served.urlOf(mac), url);
        const { isRegistered, url: told = url } = await service.lookUp(mac);
        assert.equal([isRegistered, told], [true, url]);
      }
      await service.remove(mac);
      assert.is(served.urlOf(mac), undefined);
      await service.remove(mac);
      await close();
    });

    test('a wrong secret is refused in the service’s own words, and nothing is registered', async () => {
      const { served, service, close } = await open(row, 'wrong');
      assert.match(await refusal(service.check()), row.wrong);
      assert.match(await refusal(service.register(mac, one)), row.wrong);
      assert.is(served.urlOf(mac), undefined);
      await close();
    });

    test('a phone of somebody else stays his', async () => {
      const { service, close } = await open(row);
      assert.match(await refusal(service.register(taken, one)), row.others);
      await close();
    });

    test('a request that was answered 503 is signed anew', async () => {
      const { served, vendor, service, close } = await open(row);
      vendor.instead.push({ status: 503 });
      await service.register(mac, one);
      assert.is(served.urlOf(mac), one);
      assert.is(vendor.asked[0]?.path, vendor.asked[1]?.path);
      await close();
    });

    test('what is no answer of that service is said to be none', async () => {
      const { vendor, service, close } = await open(row);
      vendor.instead.push({ body: '<html>welcome</html>' });
      let code = '';
      await service.lookUp(mac).catch((error: unknown) => {
        code = Fault.is(error) ? error.code : String(error);
      });
      assert.is(code, 'unavailable');
      await close();
    });

    test('a rehearsal goes the same way without a server', async () => {
      const asked: string[] = [];
      const service = kinds[row.id].open({
        account: { ...account, url: kinds[row.id].url },
        send: async (make) => {
          const request = make();
          asked.push(`${request.method} ${request.url} ${request.body ?? ''}`);
          return kinds[row.id].rehearse(request);
        },
        wall: Date.now,
        nonce: () => '0'.repeat(32),
      });
      await service.register(mac, one);
      await service.remove(mac);
      assert.ok(asked.every((line) => line.split(' ')[1]?.startsWith(new URL(kinds[row.id].url).origin)));
      assert.ok(asked.some((line) => line.includes('AAAAAAAAAAAAAAAAAAAAAA')));
    });
  });
}

describe('redirection: Yealink YMCS', (test) => {
  test('one token serves until it is forgotten, and then another', async () => {
    const served = yealinkYmcsServer();
    const { vendor, service, close } = await open({ ...(rows[1] as Row), make: () => served });
    await service.register(mac, one);
    await service.remove(mac);
    assert.is(vendor.asked.filter(({ path }) => path === '/v2/token').length, 1);
    served.forgetTokens();
    assert.is((await service.lookUp(mac)).isRegistered, false);
    assert.is(vendor.asked.filter(({ path }) => path === '/v2/token').length, 2);
    for (const _ of 'ab') vendor.instead.push({ status: 401, body: { message: 'bad token' } });
    assert.match(await refusal(service.lookUp(mac)), /bad token/);
    await close();
  });
});

describe('redirection: Snom SRAPS', (test) => {
  test('a link to another host is not followed', async () => {
    const { vendor, service, close } = await open(rows[2] as Row);
    vendor.instead.push({ body: { links: { company: 'http://127.0.0.2:1/' } } });
    assert.match(await refusal(service.check()), /another host/);
    await close();
  });
});
