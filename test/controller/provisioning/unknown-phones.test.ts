import * as assert from 'uvu/assert';
import { site } from '#controller/model/model.ts';
import type { HeardPhone } from '#controller/model/ports.ts';
import { createUnknownPhones } from '#controller/provisioning/unknown-phones.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';

const at = { address: '192.0.2.77', port: 5_060 };
const phone = (mac: string, more: Partial<HeardPhone> = {}): HeardPhone => ({
  ...{ agent: 'a1', site: 'berlin', mac, by: 'pnp', remote: at },
  ...more,
});
const device = (id: string, mac: string, vendor: string, model: string) =>
  ({
    type: 'put',
    collection: 'devices',
    value: { id, mac, vendor, model, site: 'berlin', generation: 1, confirmedGeneration: 0 },
  }) as const;

function open(perSite = 3) {
  const clock = createFakeClock();
  const store = createMemoryStore([
    { type: 'put', collection: 'sites', value: site.parse({ id: 'berlin' }) },
    device('HD0001', '001565aabb01', 'yealink', 'T46S'),
    device('HD0002', '000413aabb02', 'snom', 'D785'),
    device('HD0003', 'c074adaabb03', 'grandstream', 'GRP2614'),
  ]);
  const urlOf = (id: string) => `http://192.0.2.10/p/${id}/`;
  const phones = createUnknownPhones({ store, urlOf, clock, perSite });
  return { clock, store, phones, macs: () => phones.list().map(({ mac }) => mac) };
}

describe('unknown phones', (test) => {
  test('a device of the site is told its file, a Grandstream its folder, and none is listed', () => {
    const { phones } = open();
    assert.is(phones.heard(phone('001565aabb01')), 'http://192.0.2.10/p/HD0001/001565aabb01.cfg');
    assert.is(phones.heard(phone('000413aabb02')), 'http://192.0.2.10/p/HD0002/000413aabb02.xml');
    assert.is(phones.heard(phone('c074adaabb03')), 'http://192.0.2.10/p/HD0003/');
    assert.equal(phones.list(), []);
    assert.is(phones.counters.offered, 3);
  });

  test('a device of another site is told nothing', () => {
    const { phones } = open();
    assert.is(phones.heard(phone('001565aabb01', { site: 'wien' })), undefined);
    assert.equal(phones.list(), []);
    assert.is(phones.counters.ofAnotherSite, 1);
  });

  test('maker by MAC, model where it is one of ours and of that maker', () => {
    const { phones } = open(9);
    phones.heard(phone('001565000001', { vendor: 'Yealink', model: 'T46S' }));
    phones.heard(phone('000413000002', { model: 'T46S' }));
    phones.heard(phone('aabbcc000003', { vendor: 'Other', model: 'X' }));
    const shown = phones.list().map(({ mac, maker, known }) => [mac, maker, known]);
    assert.equal(
      shown.sort(),
      [
        ['001565000001', 'yealink', 'T46S'],
        ['000413000002', 'snom', undefined],
        ['aabbcc000003', undefined, undefined],
      ].sort(),
    );
  });

  test('bounded by site, forgotten after a day, gone when adopted', async () => {
    const { phones, macs, clock, store } = open();
    for (let n = 1; n <= 5; n++) {
      phones.heard(phone(`00aabbcc000${n}`));
      clock.advance(1_000);
    }
    phones.heard(phone('00aabbcc0009', { site: 'wien' }));
    assert.equal(macs(), ['00aabbcc0009', '00aabbcc0005', '00aabbcc0004', '00aabbcc0003']);
    assert.is(phones.counters.forgotten, 2);
    await store.commit([device('HD0009', '00aabbcc0005', 'snom', 'D785')]);
    assert.equal(macs(), ['00aabbcc0009', '00aabbcc0004', '00aabbcc0003']);
    clock.advance(25 * 60 * 60 * 1_000);
    assert.equal(macs(), []);
  });
});
