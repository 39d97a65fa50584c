import * as assert from 'uvu/assert';
import { Pins, type Scrypt } from '#controller/sessions/pins.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

const pepper = new Uint8Array(32).fill(7);

/** A scrypt that waits to be told, and counts how many wait at once. */
function createHeldScrypt() {
  const held: (() => void)[] = [];
  const seen = { calls: 0, atOnce: 0 };
  const scrypt: Scrypt = async (_password, _salt, bytes) => {
    seen.calls++;
    seen.atOnce = Math.max(seen.atOnce, held.length + 1);
    await new Promise<void>((go) => held.push(go));
    return new Uint8Array(bytes).fill(1);
  };
  return { scrypt, seen, held };
}

describe('pins', (test) => {
  test('knows the right PIN and no other', async () => {
    const pins = new Pins({ pepper });
    const kept = await pins.hash('739216');
    assert.match(kept, /^scrypt:16384:[\w-]{22}:[\w-]{43}$/);
    assert.is(await pins.isRight('739216', kept), true);
    assert.is(await pins.isRight('739217', kept), false);
  });

  test('two hashes of one PIN differ, and are worth nothing without the pepper', async () => {
    const pins = new Pins({ pepper });
    const kept = await pins.hash('739216');
    assert.is.not(kept, await pins.hash('739216'));
    assert.is(await new Pins({ pepper: new Uint8Array(32) }).isRight('739216', kept), false);
  });

  for (const kept of [undefined, '', 'scrypt:1:AA:AA', 'scrypt:16384::', 'plain:739216']) {
    test(`does the same work for the hash "${kept}", and says no`, async () => {
      let calls: unknown[] = [];
      const scrypt: Scrypt = async (_password, salt, bytes, options) => {
        calls.push([salt.length, bytes, options]);
        return new Uint8Array(bytes);
      };
      const pins = new Pins({ pepper, scrypt });
      await pins.isRight('739216', await pins.hash('739216'));
      const [, real] = calls;
      calls = [];
      // This scrypt derives zeros, which is what stands in for nobody: still no.
      assert.is(await pins.isRight('739216', kept), false);
      assert.equal(calls, [real]);
    });
  }

  test('two at once, the others in their order, and a bound on them', async () => {
    const { scrypt, seen, held } = createHeldScrypt();
    const pins = new Pins({ pepper, scrypt, maxWaiting: 3 });
    const order: number[] = [];
    const asked = [0, 1, 2, 3, 4].map((n) => pins.isRight(String(n), undefined).then(() => order.push(n)));
    const refused = await pins.isRight('5', undefined).catch((error: unknown) => error);
    assert.ok(Fault.is(refused, 'limit.reached'));
    while (order.length < 5) {
      held.shift()?.();
      await new Promise((go) => setImmediate(go));
    }
    await Promise.all(asked);
    assert.equal(order, [0, 1, 2, 3, 4]);
    assert.equal(seen, { calls: 5, atOnce: 2 });
  });

  test('a hash that fails leaves its place to the next', async () => {
    let fails = true;
    const scrypt: Scrypt = async (_password, _salt, bytes) => {
      if (fails) throw new Error('out of memory');
      return new Uint8Array(bytes);
    };
    const pins = new Pins({ pepper, scrypt, atOnce: 1 });
    await pins.hash('1').catch(() => undefined);
    fails = false;
    assert.match(await pins.hash('1'), /^scrypt:/);
  });
});
