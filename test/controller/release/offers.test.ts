import * as assert from 'uvu/assert';
import { createOffers } from '#controller/release/offers.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';
import { silent } from '#test/agent/fake-tunnel.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

type Status = Extract<ControlMessage, { type: 'status' }>;

const release = { version: '0.2.0', manifest: 'm', signature: 's' };
const status: Status = {
  type: 'status',
  version: '0.1.0',
  sip: [],
  http: { address: '192.0.2.5', port: 8080 },
  upgrades: true,
};

function world({
  isBusy = () => false,
  maxWaitMs = 60_000,
}: {
  isBusy?: () => boolean;
  maxWaitMs?: number;
} = {}) {
  const clock = createFakeClock();
  const told: string[] = [];
  const offers = createOffers({ release, isBusy, clock, log: silent, maxWaitMs });
  const say = (more: Partial<Status>) =>
    offers.onStatus('a1', { ...status, ...more }, ({ type }) => told.push(type));
  return { clock, told, offers, say };
}

describe('offers of a release', (test) => {
  const of = (state: NonNullable<Status['upgrade']>['state'], version = '0.2.0') => ({
    upgrade: { version, state },
  });
  // biome-ignore format: a table
  const rows: { name: string; status: Partial<Status>; told: string[]; maxWaitMs?: number }[] = [
    { name: 'to one that is older',                        status: {},                                 told: ['release'] },
    { name: 'not to one of the same version',              status: { version: '0.2.0' },               told: [] },
    { name: 'not to one that is newer',                    status: { version: '0.3.0' },               told: [] },
    { name: 'not to one that nothing watches',             status: { upgrades: undefined },            told: [] },
    { name: 'not while it fetches',                        status: of('fetching'),                     told: [] },
    { name: 'again after another one did not come up',     status: of('rolledBack', '0.1.9'),          told: ['release'] },
    { name: 'not again after this one did not',            status: of('rolledBack'),                   told: [] },
    { name: 'not again to one that refused it',            status: of('refused', '0.1.0'),             told: [] },
    { name: 'with the word to go where it has it',         status: of('ready'),                        told: ['upgrade'] },
    { name: 'first, where it has another one',             status: of('ready', '0.1.9'),               told: ['release'] },
    { name: 'to nobody when they are off',                 status: {}, maxWaitMs: Number.POSITIVE_INFINITY, told: [] },
  ];
  for (const { name, status: said, told: expected, ...options } of rows) {
    test(name, () => {
      const { told, say } = world(options);
      say(said);
      assert.equal(told, expected);
    });
  }

  test('wait until no call is up', () => {
    let isBusy = true;
    const { clock, told, say } = world({ isBusy: () => isBusy });
    say(of('ready'));
    clock.advance(30_000);
    assert.equal(told, []);
    isBusy = false;
    clock.advance(1_000);
    assert.equal(told, ['upgrade']);
    clock.advance(120_000);
    assert.equal(told, ['upgrade'], 'once');
  });

  test('are made once, however often it says how it is, and after ten minutes again', () => {
    const { clock, told, say } = world();
    for (let i = 0; i < 5; i++) say({});
    assert.equal(told, ['release']);
    clock.advance(600_000);
    say({});
    assert.equal(told, ['release', 'release']);
  });

  test('wait for calls for so long', () => {
    const { clock, told, say, offers } = world({ isBusy: () => true });
    say(of('ready'));
    clock.advance(59_000);
    say(of('ready'));
    assert.equal(told, []);
    clock.advance(1_000);
    assert.equal(told, ['upgrade']);
    assert.equal(offers.counters, { offered: 0, called: 1, rolledBack: 0 });
  });

  test('are forgotten when the agent says something else meanwhile', () => {
    const { clock, told, say } = world({ isBusy: () => true });
    say(of('ready'));
    say({ version: '0.2.0' });
    clock.advance(120_000);
    assert.equal(told, []);
  });
});
