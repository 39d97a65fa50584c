import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import { describe } from '#test/support/describe.ts';

const keys = createKeys(new Uint8Array(32).fill(1));
const secret = 'pbx-Geheimnis-ß-🙂';

describe('controller: sealed secrets', (test) => {
  test('open again, for the same purpose', () =>
    assert.is(keys.unseal('user 100', keys.seal('user 100', secret)), secret));

  test('say nothing, and are never twice the same', () => {
    const [one, two] = [keys.seal('user 100', secret), keys.seal('user 100', secret)];
    assert.is.not(one, two);
    assert.not.ok(Buffer.from(one, 'base64url').includes('pbx'));
  });

  const sealed = keys.seal('user 100', secret);
  const changed = Buffer.from(sealed, 'base64url');
  changed[14] = (changed[14] ?? 0) ^ 1;
  const rows: [name: string, opened: string | undefined][] = [
    ['in another document', keys.unseal('user 101', sealed)],
    ['with another master key', createKeys(new Uint8Array(32).fill(2)).unseal('user 100', sealed)],
    ['with a bit changed', keys.unseal('user 100', changed.toString('base64url'))],
    ['cut off', keys.unseal('user 100', sealed.slice(0, -4))],
    ['too short for a tag', keys.unseal('user 100', 'AAAA')],
    ['empty', keys.unseal('user 100', '')],
  ];
  for (const [name, opened] of rows) test(`${name}: do not open`, () => assert.is(opened, undefined));
});
