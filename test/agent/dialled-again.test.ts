/** An agent whose controller is away dials again and again, and keeps nothing of it. */

import { generateKeyPairSync } from 'node:crypto';
import { getEventListeners } from 'node:events';
import * as assert from 'uvu/assert';
import { dialTunnel } from '#agent/tunnel.ts';
import { silent } from '#test/agent/fake-tunnel.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';

/** Told of every abort signal that somebody listens to meanwhile. */
async function watchingSignals(run: (signals: ReadonlySet<AbortSignal>) => Promise<void>): Promise<void> {
  const signals = new Set<AbortSignal>();
  const { addEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (...given: Parameters<typeof addEventListener>) {
    if (this instanceof AbortSignal) signals.add(this);
    addEventListener.apply(this, given);
  };
  try {
    await run(signals);
  } finally {
    EventTarget.prototype.addEventListener = addEventListener;
  }
}

describe('dialling again', (test) => {
  test('leaves no listener behind', async () => {
    const clock = createFakeClock();
    let failures = 0;
    await watchingSignals(async (signals) => {
      const tunnel = dialTunnel({
        controller: new URL(`ws://127.0.0.1:${await freePort()}`),
        identity: { agent: '0123456789abcdef', privateKey: generateKeyPairSync('ed25519').privateKey },
        ...{ pins: [], clock, log: silent, after: Promise.resolve() },
        status: () => ({ type: 'status', version: '0', sip: [], http: { address: '127.0.0.1', port: 80 } }),
        flows: () => [],
        ...{ onControl() {}, onSip() {}, onRtp() {}, onUp() {}, onDown() {} },
        onFailure: () => void failures++,
      });
      await until('it has failed often', () => {
        clock.advance(30_000);
        return failures >= 20;
      });
      const counts = [...signals].map((signal) => getEventListeners(signal, 'abort').length);
      await tunnel.close();
      assert.ok(counts.length > 0);
      assert.ok(Math.max(...counts) < 10, `${Math.max(...counts)} listeners`);
    });
  });
});
