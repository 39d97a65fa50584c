/** Ten thousand guesses: none hits, all have one answer, and none makes us look at a device. */

import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import type { Device } from '#controller/model/model.ts';
import { site } from '#controller/model/model.ts';
import type { RelayedAnswer, Store } from '#controller/model/ports.ts';
import { createAdoption } from '#controller/provisioning/adoption.ts';
import { createProvisioning } from '#controller/provisioning/provisioning.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { createRandom, type Random } from '#test/support/random.ts';

const guesses = 10_000;
const devices = 200;
const keys = createKeys(new Uint8Array(32));
const macOf = (n: number) => `001565${n.toString(16).padStart(6, '0')}`;
const addresses = { sip: { address: '192.0.2.7', port: 5060 }, http: { address: '192.0.2.7', port: 8080 } };

function open() {
  const device = (n: number): Device => ({
    ...{
      id: `HD${String(n).padStart(4, '0')}`,
      mac: macOf(n),
      vendor: 'yealink',
      model: 'T46S',
      site: 'berlin',
    },
    ...{ generation: 1, confirmedGeneration: 0 },
  });
  const kept = createMemoryStore([
    { type: 'put', collection: 'sites', value: site.parse({ id: 'berlin' }) },
    ...Array.from({ length: devices }, (_, n) => ({
      ...{ type: 'put' as const, collection: 'devices' as const, value: device(n + 1) },
    })),
  ]);
  let reads = 0;
  const store: Store = {
    ...kept,
    get(collection, id) {
      reads++;
      return kept.get(collection, id);
    },
    list(collection) {
      reads++;
      return kept.list(collection);
    },
  };
  const clock = createFakeClock();
  const adoption = createAdoption({ store, clock });
  const provisioning = createProvisioning({
    ...{ store, keys, adoption, clock },
    log: { info() {}, debug() {} },
    changeOvers: { fetched: () => assert.unreachable('a guess has had a config') },
    addressesOf: () => addresses,
    certificateOf: () => Promise.resolve(''),
  });
  const ask = (path: string, method: 'GET' | 'HEAD' = 'GET') =>
    provisioning.answer({
      ...{ agent: 'a'.repeat(16), site: 'berlin', method, path, headers: {} },
      remote: { address: '192.0.2.20', port: 40_000 },
    });
  return { ask, provisioning, adoption, readsSince: (run: number) => reads - run, reads: () => reads };
}

const textOf = ({ status, headers, body }: RelayedAnswer) =>
  JSON.stringify([status, headers, Buffer.from(body).toString('base64')]);

describe('ten thousand guesses', (test) => {
  // biome-ignore format: a table
  const ways: [what: string, why: 'token' | 'window', pathOf: (random: Random, n: number) => string][] = [
    ['tokens, for files of devices there are',    'token',  (random, n) => `/p/${token(random)}/${macOf((n % devices) + 1)}.cfg`],
    ['tokens one character off a right one',      'token',  (random, n) => `/p/${near(random, n)}/${macOf((n % devices) + 1)}.cfg`],
    ['MAC addresses, of devices and of nobody',   'window', (_, n) => `/${macOf(n)}.cfg`],
  ];
  for (const [what, why, pathOf] of ways) {
    test(what, async () => {
      const { ask, provisioning, reads, readsSince } = open();
      const reference = textOf(await ask('/nothing.cfg'));
      const begun = reads();
      const random = createRandom(1);
      const before = provisioning.counters.refused[why];
      const answers = new Set<string>();
      for (let n = 0; n < guesses; n++) answers.add(textOf(await ask(pathOf(random, n))));
      assert.equal([...answers], [reference], 'one answer, byte for byte');
      assert.is(provisioning.counters.refused[why] - before, guesses);
      assert.is(readsSince(begun), 0, 'what is known takes no part, so it cannot take time');
      assert.is(provisioning.counters.served, 0);
    }, 20_000);
  }

  test('MAC addresses in a window for others: the same, and still nobody is served', async () => {
    const { ask, provisioning, adoption } = open();
    adoption.open({ device: 'HD0200' }, 5);
    const reference = textOf(await ask('/nothing.cfg'));
    const before = provisioning.counters.refused.window;
    for (let n = 1; n < devices; n++) assert.is(textOf(await ask(`/${macOf(n)}.cfg`)), reference);
    assert.is(provisioning.counters.refused.window - before, devices - 1);
    assert.equal([provisioning.counters.served, adoption.of({ device: 'HD0200' })?.adopted], [0, []]);
  });
});

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const letter = (random: Random) => alphabet[random.below(alphabet.length)] ?? 'A';
const token = (random: Random) => Array.from({ length: 22 }, () => letter(random)).join('');

/** The last character has two bits that say nothing, so it is left alone. */
function near(random: Random, n: number): string {
  const right = keys.configToken(macOf((n % devices) + 1));
  const at = random.below(21);
  const other = letter(random);
  return `${right.slice(0, at)}${other === right[at] ? (other === 'A' ? 'B' : 'A') : other}${right.slice(at + 1)}`;
}
