/** What is tried again, after how long, and what is not. */

import * as assert from 'uvu/assert';
import { createSender, retryAfter, type SenderOptions } from '#controller/provisioning/rps/send.ts';
import { Fault } from '#protocol/fault.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { openVendor, type Said } from './vendor.ts';

async function open(said: Said[], options: Partial<SenderOptions> = {}) {
  const vendor = await openVendor(() => ({ body: 'good' }));
  vendor.instead.push(...said);
  const clock = createFakeClock();
  const sender = createSender({ clock, random: () => 1, ...options });
  const request = () => ({ method: 'GET', url: vendor.url, headers: {} }) as const;
  let outcome = '';
  const done = sender.send(request).then(
    ({ status, body }) => {
      outcome = `${status} ${body}`;
    },
    (error: unknown) => {
      outcome = Fault.is(error) ? `${error.code}: ${error.message}` : String(error);
    },
  );
  return {
    vendor,
    clock,
    sender,
    done,
    outcome: () => outcome,
    waits: () => until('a wait', () => clock.pending() > 0),
    close: () => Promise.all([sender.close(), vendor.close()]),
  };
}

describe('redirection: sending', (test) => {
  test('5xx: again after 1 s and 2 s, then told what it said', async () => {
    const { vendor, clock, done, outcome, waits, close } = await open([
      { status: 500 },
      { status: 502 },
      { status: 503 },
    ]);
    await waits();
    clock.advance(999);
    assert.is(vendor.asked.length, 1);
    clock.advance(1);
    await until('a second try', () => vendor.asked.length === 2);
    await waits();
    clock.advance(1_999);
    assert.is(vendor.asked.length, 2);
    clock.advance(1);
    await done;
    assert.is(outcome(), 'unavailable: the service is not reached: it answered 503');
    await close();
  });

  test('429: not before its Retry-After', async () => {
    const { vendor, clock, done, outcome, waits, close } = await open([
      { status: 429, headers: { 'retry-after': '7' } },
    ]);
    await waits();
    clock.advance(6_999);
    assert.is(vendor.asked.length, 1);
    clock.advance(1);
    await done;
    assert.is(outcome(), '200 good');
    await close();
  });

  test('429 for an hour: not waited for', async () => {
    const { done, outcome, close } = await open([{ status: 429, headers: { 'retry-after': '3600' } }]);
    await done;
    assert.match(outcome(), /unavailable: .*429/);
    await close();
  });

  test('no answer in time', async () => {
    const { done, outcome, close } = await open([{ status: 0 }], { timeoutMs: 200, tries: 1 });
    await done;
    assert.match(outcome(), /unavailable: the service is not reached: /);
    await close();
  });

  for (const status of [302, 400, 401, 404, 409]) {
    test(`${status} is an answer, and tried once`, async () => {
      const { vendor, done, outcome, close } = await open([
        { status, headers: { location: 'http://127.0.0.1:1/' }, body: 'why' },
      ]);
      await done;
      assert.is(outcome(), `${status} why`);
      assert.is(vendor.asked.length, 1);
      await close();
    });
  }

  test('closed while it waits: ended at once', async () => {
    const { vendor, sender, done, outcome, waits } = await open([{ status: 500 }]);
    await waits();
    await sender.close();
    await done;
    assert.match(outcome(), /^unavailable/);
    await vendor.close();
  });

  test('no credentials in the clear over a network', async () => {
    const sender = createSender({ clock: createFakeClock() });
    let said = '';
    await sender
      .send(() => ({ method: 'GET', url: 'http://192.0.2.1/', headers: {} }))
      .catch((error: Error) => {
        said = error.message;
      });
    assert.match(said, /https only/);
    await sender.close();
  });

  // biome-ignore format: a table
  const times: [text: string | undefined, ms: number | undefined][] = [
    [undefined, undefined], ['0', 0], ['12', 12_000], ['soon', undefined],
    ['Thu, 01 Jan 1970 00:16:45 GMT', 5_000], ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ];
  for (const [text, ms] of times) {
    test(`Retry-After: ${text}`, () => assert.is(retryAfter(text, 1_000_000), ms));
  }
});
