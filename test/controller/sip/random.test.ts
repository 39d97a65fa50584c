import * as assert from 'uvu/assert';
import { createKeyedHash } from '#controller/sip/keyed-hash.ts';
import { createRandom } from '#controller/sip/random.ts';
import { describe } from '#test/support/describe.ts';

describe('random bytes', (test) => {
  test('no draw is like another, also where a pool ends', () => {
    const random = createRandom(64);
    const drawn = Array.from({ length: 200 }, () => Buffer.from(random(12)).toString('hex'));
    assert.is(new Set(drawn).size, 200);
    assert.ok(drawn.every((each) => each.length === 24));
  });

  test('what was drawn does not change with the next draws', () => {
    const random = createRandom(64);
    const first = random(16);
    const then = Buffer.from(first).toString('hex');
    for (let i = 0; i < 50; i++) random(9);
    assert.is(Buffer.from(first).toString('hex'), then);
  });

  test('more than a pool holds', () => {
    assert.is(createRandom(64)(100).length, 100);
  });
});

describe('keyed hash', (test) => {
  const key = new Uint8Array(32).fill(1);
  const of = (secret: Uint8Array, purpose: string, text: string) => createKeyedHash(secret, purpose)(text);

  test('the same for the same, another for another key, purpose or text', () => {
    assert.is(of(key, 'tag', 'a'), of(new Uint8Array(32).fill(1), 'tag', 'a'));
    const other = new Uint8Array(32).fill(2);
    const all = [of(key, 'tag', 'a'), of(other, 'tag', 'a'), of(key, 'nonce', 'a'), of(key, 'tag', 'b')];
    assert.is(new Set(all).size, 4);
  });
});
