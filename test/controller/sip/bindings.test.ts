import * as assert from 'uvu/assert';
import type { Binding } from '#controller/model/model.ts';
import { createBindings } from '#controller/sip/bindings.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { flowAt } from './world.ts';

const first: Binding = {
  device: 'HD0001',
  aor: 'HD0001',
  contact: 'sip:HD0001@192.0.2.11:5060',
  flow: flowAt('north', 11),
  expiresAt: 3_600_000,
  callId: 'a',
  cseq: 1,
  userAgent: 'Yealink',
};

// biome-ignore format: a table
const changes: { name: string; change: Partial<Binding>; isNoted: boolean }[] = [
  { name: 'a later end',           change: { expiresAt: 3_609_999, cseq: 2 },        isNoted: false },
  { name: 'the same again',        change: { cseq: 2 },                              isNoted: false },
  { name: 'an equal flow',         change: { cseq: 2, flow: flowAt('north', 11) },   isNoted: false },
  { name: 'an end much later',     change: { expiresAt: 3_610_000, cseq: 2 },        isNoted: true },
  { name: 'an earlier end',        change: { expiresAt: 3_599_999, cseq: 2 },        isNoted: true },
  { name: 'another Contact',       change: { contact: 'sip:x@192.0.2.11', cseq: 2 }, isNoted: true },
  { name: 'another address',       change: { flow: flowAt('north', 12), cseq: 2 },   isNoted: true },
  { name: 'another AOR',           change: { aor: '100', cseq: 2 },                  isNoted: true },
  { name: 'a registration anew',   change: { callId: 'b' },                          isNoted: true },
];

describe('bindings', (test) => {
  for (const { name, change, isNoted } of changes) {
    test(`${name} is read at once, and the store ${isNoted ? 'is told' : 'need not know'}`, () => {
      const store = createMemoryStore();
      const bindings = createBindings({ store });
      bindings.put(first);
      const told = store.get('bindings', 'HD0001');
      bindings.put({ ...first, ...change });
      const { revision: _, ...now } = bindings.get('HD0001') ?? { revision: 0 };
      assert.equal(now, { ...first, ...change });
      assert.is(store.get('bindings', 'HD0001') !== told, isNoted);
    });
  }

  test('many small steps reach the store', () => {
    const store = createMemoryStore();
    const bindings = createBindings({ store });
    for (let step = 0; step <= 25; step++) {
      bindings.put({ ...first, cseq: step, expiresAt: first.expiresAt + step * 1_000 });
      const kept = store.get('bindings', 'HD0001')?.expiresAt ?? 0;
      assert.ok((bindings.get('HD0001')?.expiresAt ?? 0) - kept < 10_000);
    }
    assert.is(store.get('bindings', 'HD0001')?.cseq, 20);
  });

  test('what else changes the document ends what stood over it', async () => {
    const store = createMemoryStore();
    const bindings = createBindings({ store });
    bindings.put(first);
    bindings.put({ ...first, cseq: 2 });
    await store.commit([{ type: 'put', collection: 'bindings', value: { ...first, cseq: 9 } }]);
    assert.is(bindings.get('HD0001')?.cseq, 9);
    bindings.put({ ...first, cseq: 10 });
    await store.commit([{ type: 'delete', collection: 'bindings', id: 'HD0001' }]);
    assert.is(bindings.get('HD0001'), undefined);
  });
});
