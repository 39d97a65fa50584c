import * as assert from 'uvu/assert';
import { recordChange } from '#controller/audit/record.ts';
import { collections } from '#controller/model/model.ts';
import { describe } from '#test/support/describe.ts';

const canary = 'canary739216';

describe('what the audit log shows of a document', (test) => {
  // biome-ignore format: a table
  const secrets: Parameters<typeof recordChange>[] = [
    ['users', '100', { extension: '100', pinHash: 'old' }, { extension: '100', pinHash: canary }],
    ['users', '100', undefined, { extension: '100', upstream: { id: 'pbx', user: '100', secret: canary } }],
    ['apiTokens', 'a', undefined, { id: 'a', name: 'billing', hash: canary }],
    ['enrolTokens', canary, undefined, { id: canary, site: 'berlin' }],
    ['upstreams', 'pbx', { id: 'pbx', secret: canary }, undefined],
    ['sites', 'berlin', { id: 'berlin' }, { id: 'berlin', emergencyContacts: [`https://x.example/${canary}?k=${canary}`] }],
    ['users', '100', undefined, { extension: '100', [canary]: canary }],
  ];
  for (const [collection, id, before, after] of secrets) {
    test(`${collection}: no secret, but that something was changed`, () => {
      const change = recordChange(collection, id, before, after);
      assert.not.match(JSON.stringify(change), canary);
      assert.is(change?.collection, collection);
    });
  }

  test('fields that differ, and no others', () => {
    const before = { extension: '100', name: 'Anna', hotdesk: true, keys: [], pinHash: 'x', revision: 3 };
    const after = { extension: '100', name: 'Anne', hotdesk: true, keys: [], pinHash: 'y' };
    assert.equal(recordChange('users', '100', before, after), {
      collection: 'users',
      id: '100',
      before: { name: 'Anna', pinHash: '(hidden)' },
      after: { name: 'Anne', pinHash: '(hidden)' },
    });
  });

  test('a new and a deleted document are shown whole', () => {
    const device = { id: 'HD0001', site: 'berlin' };
    assert.equal(recordChange('devices', 'HD0001', undefined, device)?.after, device);
    assert.equal(recordChange('devices', 'HD0001', device, undefined)?.before, device);
  });

  test('what is as it was leaves nothing', () => {
    const user = { extension: '100', name: 'Anna' };
    assert.is(recordChange('users', '100', user, { ...user }), undefined);
  });

  test('what machines change all day leaves nothing', () => {
    const quiet = (Object.keys(collections) as (keyof typeof collections)[]).filter(
      (name) =>
        recordChange(name, 'x', undefined, { id: 'x', name: 'x', extension: '1', device: 'x' }) === undefined,
    );
    assert.equal(quiet.sort(), [
      'adoptionWindows',
      'bindings',
      'deliveries',
      'deskEvents',
      'emergencyCalls',
      'passwordLocks',
      'pinLocks',
      'redirections',
      'signIns',
      'subscriptions',
    ]);
  });
});
