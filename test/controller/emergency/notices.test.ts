/** Who is told, and what is remembered; with a clock that moves when told. */

import * as assert from 'uvu/assert';
import { createCallList, isSameNumber } from '#controller/emergency/call-list.ts';
import { createLocationUrls } from '#controller/emergency/location-urls.ts';
import { createNotices } from '#controller/emergency/notices.ts';
import { createKeys } from '#controller/keys.ts';
import { signatureOf } from '#controller/webhooks/delivery.ts';
import type { Post } from '#controller/webhooks/post.ts';
import { Fault } from '#protocol/fault.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

function startList() {
  const clock = createFakeClock();
  const store = createMemoryStore();
  let serial = 0;
  const random = (bytes: number) => new Uint8Array(bytes).fill(++serial);
  const list = () => createCallList({ store, clock, log: silent, random });
  return { clock, store, list };
}

const facts = {
  ...{ device: 'HD0001', site: 'north', number: '112', callerId: '+4930100', callbackNumber: '+4930101' },
  place: 'Weg 1',
};

describe('the list of emergency calls', (test) => {
  test('tells, keeps the last 200 and is there after a restart', () => {
    const { clock, store, list } = startList();
    const calls = list();
    const told: string[] = [];
    calls.watch(({ state }) => told.push(state));
    for (let i = 0; i < 250; i++) {
      clock.advance(1);
      calls.begin(facts).settle({ state: 'answered', route: 'gateway' });
    }
    assert.equal(told.slice(0, 2), ['calling', 'answered']);
    assert.is(calls.list().length, 200);
    assert.is(store.list('emergencyCalls').length, 200);
    assert.equal(list().list(), calls.list());
  });

  test('a store that takes nothing changes nothing', () => {
    const { store, list } = startList();
    store.note = () => {
      throw new Fault('store.failed', 'no space');
    };
    const calls = list();
    calls.begin(facts).settle({ state: 'failed' });
    assert.equal(
      calls.list().map(({ state }) => state),
      ['failed'],
    );
    assert.equal(calls.calledFrom('+4930101', 'north'), ['HD0001']);
  });

  // biome-ignore format: a table
  const numbers: [string, string, boolean][] = [
    ['+4930123456', '+4930123456', true],  ['+4930123456', '004930123456', true], ['+4930123456', '030123456', true],
    ['+4930123456', '123456', true],       ['+4930123456', '23456', false],       ['+4930123456', '+4940123457', false],
    ['112', '112', true],                  ['HD0001', 'HD0001', true],            ['HD0001', 'HD0002', false],
    ['+4930123456', '', false],            ['110', '10', false],
  ];
  for (const [a, b, is] of numbers) {
    test(`${a} is ${is ? '' : 'not '}${b}`, () => {
      assert.is(isSameNumber(a, b), is);
      assert.is(isSameNumber(b, a), is);
    });
  }
});

describe('notices', (test) => {
  const flush = async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };

  function start(statuses: readonly (number | 'throws')[]) {
    const { clock, list } = startList();
    const calls = list();
    const sent: Post[] = [];
    const notices = createNotices({
      list: calls,
      contactsOf: (site) => (site === 'north' ? ['https://noc.example/a'] : undefined),
      secretOf: (site) => `secret of ${site}`,
      clock,
      log: silent,
      async send(what) {
        const status = statuses[sent.length] ?? 200;
        sent.push(what);
        if (status === 'throws') throw new Fault('unavailable', 'no answer');
        return status;
      },
    });
    return { clock, calls, sent, notices };
  }

  test('are signed, and tell the beginning and the outcome', async () => {
    const { calls, sent, notices } = start([]);
    calls.begin(facts).settle({ state: 'answered' });
    await flush();
    const [first] = sent;
    assert.ok(first);
    assert.equal(
      sent.map(({ body }) => JSON.parse(body).call.state),
      ['calling', 'answered'],
    );
    assert.is(first.headers['hotdesk-signature'], signatureOf('secret of north', 1_000, first.body));
    assert.is(notices.counters.delivered, 2);
  });

  test('are sent again, later and later, and then given up', async () => {
    const { clock, calls, sent, notices } = start([500, 'throws', 302, 404, 503, 500]);
    calls.begin(facts);
    await flush();
    for (const [ms, count] of [
      [2_000, 2],
      [8_000, 3],
      [30_000, 4],
      [120_000, 5],
      [600_000, 6],
      [3_600_000, 6],
    ] as const) {
      clock.advance(ms);
      await flush();
      assert.is(sent.length, count);
    }
    assert.equal(notices.counters, { delivered: 0, retried: 5, givenUp: 1 });
    assert.is(clock.pending(), 0);
  });

  test('of a site without contacts go nowhere; none are sent after the end', async () => {
    const { clock, calls, sent, notices } = start([500]);
    calls.begin({ ...facts, site: 'south' });
    calls.begin(facts);
    await flush();
    notices.close();
    clock.advance(3_600_000);
    await flush();
    assert.is(sent.length, 1);
    assert.is(clock.pending(), 0);
  });
});

describe('location URLs', (test) => {
  const keys = createKeys(new Uint8Array(32));

  test('are good for two hours, for one device, and cannot be made up', () => {
    const clock = createFakeClock();
    const urls = createLocationUrls('https://hd.example/x/', { keys, clock });
    const url = urls.urlOf('HD0001');
    const token = /^https:\/\/hd\.example\/x\/location\/([\w-]+)$/.exec(url)?.[1] ?? '';
    assert.is(urls.deviceOf(token), 'HD0001');
    assert.is.not(urls.urlOf('HD0001'), url);
    const end = token.endsWith('AA') ? 'BB' : 'AA';
    assert.is(urls.deviceOf(token.slice(0, -2) + end), undefined);
    for (const bad of ['', 'x', '../x', 'A'.repeat(300)]) assert.is(urls.deviceOf(bad), undefined);
    clock.advance(2 * 3_600_000);
    assert.is(urls.deviceOf(token), undefined);
  });
});
