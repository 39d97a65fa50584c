/** The queue: what devices and services make of it, and what becomes of it. */

import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import type { Change } from '#controller/model/ports.ts';
import type { RedirectionService, RedirectionServiceId } from '#controller/model/redirection.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { createRedirections } from '#controller/provisioning/rps/redirections.ts';
import { Fault } from '#protocol/fault.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore, type MemoryStore } from '#test/support/memory-store.ts';
import { until } from '#test/support/until.ts';
import { account, directoryServer, openVendor, yealinkRpsServer } from './vendor.ts';

const keys = createKeys(new Uint8Array(32));
const mac = '001565aabb01';
const id = `yealink-rps ${mac}`;

const device = (id: string, mac: string, vendor = 'yealink'): Change => ({
  type: 'put',
  collection: 'devices',
  value: { id, mac, vendor, model: 'T46S', site: 'berlin', generation: 1, confirmedGeneration: 0 },
});

function service(
  id: RedirectionServiceId,
  url: string,
  more: Partial<RedirectionService> & { clear?: string } = {},
): Change {
  const { clear = account.secret, ...rest } = more;
  const secret = keys.seal(sealedFor.redirection(id), clear);
  return {
    type: 'put',
    collection: 'redirectionServices',
    value: { id, account: account.name, secret, url, automatic: true, ...rest },
  };
}

async function openWorld(others: readonly string[] = []) {
  const served = yealinkRpsServer(others);
  const vendor = await openVendor(served.answer);
  const clock = createFakeClock();
  const logged: string[] = [];
  const log = (facts: object, message: string) => logged.push(`${message} ${JSON.stringify(facts)}`);
  const folders = new Map<string, string>();
  const store = createMemoryStore();
  const start = () =>
    createRedirections({
      store,
      keys,
      clock,
      log: { info: log, warn: log, error: log },
      urlOf: (device) => folders.get(device),
      random: () => 1,
      sending: { tries: 1 },
    });
  return { served, vendor, clock, logged, folders, store, start };
}

const isDone = (store: MemoryStore, wanted = 'registered') =>
  until(`it is ${wanted}`, () => {
    const row = store.get('redirections', id);
    return row?.state === 'done' && row.wanted === wanted;
  });
const one = 'http://192.0.2.7:8080/p/AAAAAAAAAAAAAAAAAAAAAA/';

describe('redirections', (test) => {
  test('a device is registered when it is added, again when its URL changes, removed with it', async () => {
    const { served, vendor, folders, store, start, clock } = await openWorld();
    const redirections = start();
    await store.commit([service('yealink-rps', vendor.url)]);
    folders.set('HD0001', one);
    await store.commit([device('HD0001', mac)]);
    await isDone(store);
    assert.is(served.urlOf(mac), one);
    assert.not.match(JSON.stringify(store.list('redirections')), /AAAAAAAA/);

    folders.set('HD0001', 'http://192.0.2.8:8080/p/x/');
    await until('it sleeps', () => clock.pending() > 0);
    clock.advance(300_000);
    await until('the new URL', () => served.urlOf(mac) === 'http://192.0.2.8:8080/p/x/');

    await store.commit([{ type: 'delete', collection: 'devices', id: 'HD0001' }]);
    await until('it is forgotten', () => store.list('redirections').length === 0);
    assert.is(served.urlOf(mac), undefined);
    assert.equal(redirections.counters, { registered: 2, removed: 1, retried: 0, refused: 0 });
    await redirections.close();
    await vendor.close();
  });

  test('another phone takes a device’s place: the one comes, the other goes', async () => {
    const { served, vendor, folders, store, start } = await openWorld();
    const redirections = start();
    folders.set('HD0001', one);
    await store.commit([service('yealink-rps', vendor.url), device('HD0001', mac)]);
    await isDone(store);
    await store.commit([device('HD0001', '001565aabb02')]);
    await until('the new one', () => served.urlOf('001565aabb02') === one);
    await until('not the old one', () => served.urlOf(mac) === undefined);
    await redirections.close();
    await vendor.close();
  });

  test('nothing by itself where the service is not automatic, and an admin’s word stands', async () => {
    const { served, vendor, folders, store, start } = await openWorld();
    const redirections = start();
    folders.set('HD0001', one);
    await store.commit([service('yealink-rps', vendor.url, { automatic: false }), device('HD0001', mac)]);
    const found = store.get('devices', 'HD0001');
    assert.ok(found);
    assert.equal(store.list('redirections'), []);
    await redirections.want('yealink-rps', found, 'registered');
    await isDone(store);
    await store.commit([service('yealink-rps', vendor.url)]); // automatic from now on
    await redirections.want('yealink-rps', found, 'removed');
    await isDone(store, 'removed');
    assert.is(served.urlOf(mac), undefined);
    await store.commit([device('HD0002', '001565aabb02')]);
    await until('another is looked at', () => store.list('redirections').length === 2);
    assert.is(store.get('redirections', id)?.wanted, 'removed');
    await redirections.close();
    await vendor.close();
  });

  test('a service that is down: later and later, over a restart', async () => {
    const { served, vendor, folders, store, start, clock } = await openWorld();
    folders.set('HD0001', one);
    await store.commit([service('yealink-rps', vendor.url), device('HD0001', mac)]);
    vendor.instead.push({ status: 503 }, { status: 503 });
    const first = start();
    const waits = async (tries: number) => {
      const row = await until(`${tries} tries`, () => {
        const row = store.get('redirections', id);
        return row?.tries === tries ? row : undefined;
      });
      await until('it sleeps', () => clock.pending() > 0);
      return row;
    };
    const row = await waits(1);
    assert.is(row.state, 'waiting');
    assert.match(
      row.reason ?? '',
      /^Yealink RPS, 00:15:65:aa:bb:01: the service is not reached: it answered 503$/,
    );
    assert.is(row.at - clock.wall(), 60_000);
    await first.close();

    const second = start();
    await until('it sleeps', () => clock.pending() > 0);
    clock.advance(59_999);
    assert.is(vendor.asked.length, 1);
    clock.advance(1_000);
    assert.is((await waits(2)).at - clock.wall(), 120_000);
    clock.advance(120_000);
    await isDone(store);
    assert.is(store.get('redirections', id)?.reason, undefined);
    assert.is(served.urlOf(mac), one);
    await second.close();
    await vendor.close();
  });

  test('a refusal is told without our secret, and stands until the settings change', async () => {
    const { vendor, folders, store, start, logged } = await openWorld();
    folders.set('HD0001', one);
    const redirections = start();
    vendor.instead.push({ status: 400, body: `who is ${account.secret}?` });
    await store.commit([service('yealink-rps', vendor.url), device('HD0001', mac)]);
    const row = await until('a refusal', () => {
      const found = store.get('redirections', id);
      return found?.state === 'failed' ? found : undefined;
    });
    assert.is(row.reason, 'Yealink RPS, 00:15:65:aa:bb:01: the service said: who is …? (HTTP 400)');
    assert.not.match(logged.join('\n'), new RegExp(`${account.secret}|AAAAAAAA`));
    await store.commit([service('yealink-rps', vendor.url, { serverName: 'office' })]);
    await isDone(store);
    await redirections.close();
    await vendor.close();
  });

  test('a phone of another company: said so, on the device', async () => {
    const { vendor, folders, store, start } = await openWorld([mac]);
    folders.set('HD0001', one);
    const redirections = start();
    await store.commit([service('yealink-rps', vendor.url), device('HD0001', mac)]);
    const row = await until('a refusal', () => store.list('redirections').find((r) => r.state === 'failed'));
    assert.match(row.reason ?? '', /belongs to another account/);
    assert.is(redirections.counters.refused, 1);
    await redirections.close();
    await vendor.close();
  });

  test('a removal that is refused is tried again: its device is gone, and nobody asks for it', async () => {
    const { vendor, folders, store, start, clock } = await openWorld();
    folders.set('HD0001', one);
    const redirections = start();
    await store.commit([service('yealink-rps', vendor.url), device('HD0001', mac)]);
    await isDone(store);
    vendor.instead.push({ status: 400, body: 'not today' });
    await store.commit([{ type: 'delete', collection: 'devices', id: 'HD0001' }]);
    const row = await until('a refusal', () => store.list('redirections').find((r) => r.tries === 1));
    assert.match(row.reason ?? '', /the service said: not today/);
    await until('it sleeps', () => clock.pending() > 0);
    clock.advance(60_000);
    await until('it is forgotten', () => store.list('redirections').length === 0);
    await redirections.close();
    await vendor.close();
  });

  test('where no agent was ever up there is no URL: it waits, and asks nobody', async () => {
    const { vendor, store, start } = await openWorld();
    const redirections = start();
    await store.commit([service('yealink-rps', vendor.url), device('HD0001', mac)]);
    const row = await until('a reason', () => store.list('redirections').find((r) => r.reason !== undefined));
    assert.match(row.reason ?? '', /no agent of its site was ever up/);
    assert.equal(vendor.asked, []);
    await redirections.close();
    await vendor.close();
  });

  test('a secret sealed with another master key says so', async () => {
    const { vendor, store, start } = await openWorld();
    const redirections = start();
    const foreign = createKeys(new Uint8Array(32).fill(1)).seal(sealedFor.redirection('yealink-rps'), 'x');
    const change = service('yealink-rps', vendor.url);
    await store.commit([
      { ...change, value: { ...Reflect.get(change, 'value'), secret: foreign } } as Change,
    ]);
    let said = '';
    await redirections.check('yealink-rps').catch((error: Error) => {
      said = error.message;
    });
    assert.match(said, /cannot be read any more; set it again/);
    await redirections.close();
    await vendor.close();
  });

  test('a rehearsal shows every request and no secret, and sends nothing', async () => {
    const { vendor, folders, store, start } = await openWorld();
    const snom = await openVendor(directoryServer('setting_server').answer);
    const redirections = start();
    folders.set('HD0007', one);
    await store.commit([
      service('snom-sraps', `${snom.url}/api/v1/`, { automatic: false }),
      device('HD0007', '000413aabb07', 'snom'),
    ]);
    const found = store.get('devices', 'HD0007');
    assert.ok(found);
    const asked = await redirections.rehearse('snom-sraps', found, 'registered');
    assert.equal(
      asked.map(({ method, url }) => `${method} ${decodeURI(new URL(url).pathname)}`),
      [
        'GET /api/v1/tokens/key-1',
        'GET /‹company›/',
        'GET /api/v1/settings/',
        'PUT /‹company›/endpoints/000413aabb07',
      ],
    );
    assert.ok(asked.every(({ headers }) => headers.Authorization === 'Hawk …'));
    assert.match(asked.at(-1)?.body ?? '', /A\/000413aabb07\.xml"/);
    assert.not.match(JSON.stringify(asked), new RegExp(account.secret));
    assert.equal(snom.asked, []);
    let code = '';
    await redirections.rehearse('yealink-rps', found, 'registered').catch((error: unknown) => {
      code = Fault.is(error) ? error.code : '';
    });
    assert.is(code, 'not.found');
    await redirections.close();
    await Promise.all([vendor.close(), snom.close()]);
  });
});
