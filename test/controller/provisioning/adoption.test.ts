import * as assert from 'uvu/assert';
import type { Device } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import { createAdoption, type NotAdopted } from '#controller/provisioning/adoption.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';

const macs = { HD0001: '001565aabb01', HD0002: '000413aabb02', HD0003: '001565aabb03' } as const;

function open() {
  const clock = createFakeClock();
  const device = (id: keyof typeof macs, site: string): Device => ({
    ...{ id, mac: macs[id], vendor: 'yealink', model: 'T46S', site },
    ...{ generation: 1, confirmedGeneration: 0 },
  });
  const store = createMemoryStore(
    [device('HD0001', 'berlin'), device('HD0002', 'berlin'), device('HD0003', 'wien')].map((value) => ({
      ...{ type: 'put' as const, collection: 'devices' as const, value },
    })),
  );
  return { store, ...begun(store, clock) };
}

function begun(store: Store, clock: ReturnType<typeof createFakeClock>) {
  const adoption = createAdoption({ store, clock });
  /** Whose it is, or why it is nobody's. */
  const admit = (path: string, mac?: string, site = 'berlin'): string => {
    const found = adoption.admit({ path, site, ...(mac !== undefined && { mac }) });
    return typeof found === 'string' ? found : `${found.device.id} ${found.file}`;
  };
  return { clock, adoption, admit };
}

/** Another program over the same store, whose clock begins anew. */
const restarted = (store: Store, wall: number) => begun(store, createFakeClock(wall));

describe('an adoption window', (test) => {
  // biome-ignore format: a table
  const asked: [path: string, neighbour: string | undefined, is: string | NotAdopted][] = [
    ['/001565aabb01.cfg',             undefined,    'HD0001 001565aabb01.cfg'],
    ['/001565AABB01.boot',            undefined,    'HD0001 001565aabb01.boot'],
    ['/cfg001565aabb01.xml',          undefined,    'HD0001 cfg001565aabb01.xml'],
    ['/snomD785-000413AABB02.htm',    undefined,    'HD0002 snomd785-000413aabb02.htm'],
    ['/hotdesk-001565aabb01.cfg',     undefined,    'HD0001 hotdesk-001565aabb01.cfg'],
    ['/001565aabb01.cfg',             macs.HD0001,  'HD0001 001565aabb01.cfg'],
    ['/001565aabb01.cfg',             macs.HD0002,  'neighbour'],
    ['/001565aabb01.cfg',             'aabbcc000001', 'neighbour'],
    ['/y000000000000.boot',           macs.HD0001,  'HD0001 y000000000000.boot'],
    ['/startup.cfg',                  macs.HD0002,  'HD0002 startup.cfg'],
    ['/y000000000000.boot',           undefined,    'window'],
    ['/001565aabbff.cfg',             undefined,    'window'],
    ['/001565aabb03.cfg',             undefined,    'site'],
    ['/prov/001565aabb01.cfg',        undefined,    'path'],
    ['/../001565aabb01.cfg',          undefined,    'path'],
    ['/001565aabb01.cfg?a',           undefined,    'path'],
    ['/',                             undefined,    'path'],
  ];
  for (const [path, neighbour, is] of asked) {
    test(`${path} by ${neighbour ?? 'a phone that is no neighbour'}: ${is}`, () => {
      const { adoption, admit } = open();
      assert.is(admit(path, neighbour), is === 'path' ? 'path' : 'window', 'while it is closed');
      adoption.open({ site: 'berlin' }, 5);
      assert.is(admit(path, neighbour), is);
    });
  }

  test('is over when its time is, and when it is closed', () => {
    const { adoption, admit, clock } = open();
    const { until } = adoption.open({ site: 'berlin' }, 5);
    assert.is(until, clock.wall() + 5 * 60_000);
    clock.advance(5 * 60_000 - 1);
    assert.match(admit('/001565aabb01.cfg'), /^HD0001/);
    clock.advance(1);
    assert.is(admit('/001565aabb01.cfg'), 'window');
    assert.is(adoption.of({ site: 'berlin' }), undefined);
    adoption.open({ site: 'berlin' }, 5);
    adoption.close({ site: 'berlin' });
    assert.is(admit('/001565aabb01.cfg'), 'window');
  });

  test('outlives a restart with what is left of its time, and with who had his config in it', () => {
    const { adoption, store, clock } = open();
    const device = store.get('devices', 'HD0001');
    assert.ok(device);
    const { until } = adoption.open({ site: 'berlin' }, 30);
    adoption.open({ device: 'HD0003' }, 5);
    adoption.served(device);
    clock.advance(5 * 60_000);
    const again = restarted(store, clock.wall());
    assert.equal(again.adoption.of({ site: 'berlin' }), { until, adopted: ['HD0001'] });
    assert.is(again.admit('/001565aabb01.cfg'), 'window', 'it has had it');
    assert.match(again.admit('/000413aabb02.cfg'), /^HD0002/);
    assert.is(again.admit('/001565aabb03.cfg', undefined, 'wien'), 'window', 'its time was over');
    again.clock.advance(25 * 60_000 - 1);
    assert.match(again.admit('/000413aabb02.cfg'), /^HD0002/);
    again.clock.advance(1);
    assert.is(again.admit('/000413aabb02.cfg'), 'window');
    assert.equal(store.list('adoptionWindows'), [], 'nothing of it is kept');
  });

  test('that was closed stays closed; one that says it is open for days is open for four hours', () => {
    const { adoption, store, clock } = open();
    adoption.open({ site: 'berlin' }, 30);
    adoption.close({ site: 'berlin' });
    const value = { id: 'device HD0002', until: clock.wall() + 48 * 60 * 60_000, adopted: [] };
    store.note([{ type: 'put', collection: 'adoptionWindows', value }]);
    const again = restarted(store, clock.wall());
    assert.is(again.adoption.of({ site: 'berlin' }), undefined);
    assert.match(again.admit('/000413aabb02.cfg'), /^HD0002/);
    again.clock.advance(4 * 60 * 60_000);
    assert.is(again.admit('/000413aabb02.cfg'), 'window');
  });

  test('of one device is no other’s', () => {
    const { adoption, admit } = open();
    adoption.open({ device: 'HD0001' }, 5);
    assert.match(admit('/001565aabb01.cfg'), /^HD0001/);
    assert.is(admit('/000413aabb02.cfg'), 'window');
  });

  test('each device is served once, and again when it is opened anew', () => {
    const { adoption, admit, store } = open();
    const device = store.get('devices', 'HD0001');
    assert.ok(device);
    adoption.open({ site: 'berlin' }, 5);
    assert.is(adoption.served(device), true);
    assert.is(adoption.served(device), false);
    assert.equal(adoption.of({ site: 'berlin' })?.adopted, ['HD0001']);
    assert.is(admit('/001565aabb01.cfg'), 'window');
    assert.match(admit('/000413aabb02.cfg'), /^HD0002/);
    adoption.open({ device: 'HD0001' }, 5);
    assert.match(admit('/001565aabb01.cfg'), /^HD0001/);
    adoption.served(device);
    assert.is(admit('/001565aabb01.cfg'), 'window');
    adoption.open({ site: 'berlin' }, 5);
    assert.match(admit('/001565aabb01.cfg'), /^HD0001/);
  });
});
