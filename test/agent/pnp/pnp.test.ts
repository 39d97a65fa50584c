/** Real multicast on loopback: each make's way of asking, heard and answered. */

import * as assert from 'uvu/assert';
import { openPnp, type Pnp } from '#agent/pnp/pnp.ts';
import { systemClock } from '#protocol/clock.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';
import { silent } from '#test/agent/fake-tunnel.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { openFactoryPhone } from './factory-phone.ts';
import { shapes } from './phones.ts';

const group = { address: '224.0.1.75', port: 0 };

async function open(group_ = group, addresses = ['127.0.0.1']) {
  const told: ControlMessage[] = [];
  const pnp: Pnp = await openPnp({
    addresses,
    group: group_,
    tell: (message) => told.push(message),
    clock: systemClock,
    log: silent,
  });
  pnp.isWanted = true;
  return { pnp, told };
}

describe('PnP on a wire', (test) => {
  for (const shape of shapes) {
    test(shape.what, async () => {
      const { pnp, told } = await open();
      assert.ok(pnp.group);
      const phone = await openFactoryPhone(shape, pnp.group);
      phone.ask('a@phone');
      await until('it is heard', () => told.length === 1);
      assert.equal(told[0], {
        ...{ type: 'heard', mac: shape.mac, by: 'pnp', remote: phone.at },
        ...shape.heard,
      });
      const url = `http://127.0.0.1:8080/p/AAAAAAAAAAAAAAAAAAAAAA/${shape.mac}.cfg`;
      pnp.offer({ type: 'offer', mac: shape.mac, url });
      await until('it has its URL', () => pnp.counters.accepted === 1);
      assert.equal(phone.urls, [url]);
      assert.match(phone.heard[0] ?? '', /^SIP\/2\.0 200 OK\r\n/);
      await phone.close();
      await pnp.close();
    });
  }

  test('two programs of one host may listen', async () => {
    const first = await open();
    assert.ok(first.pnp.group);
    const second = await open(first.pnp.group);
    assert.equal(second.pnp.group, first.pnp.group);
    await first.pnp.close();
    await second.pnp.close();
  });

  test('where it cannot be joined the agent goes on without', async () => {
    const { pnp } = await open({ address: '192.0.2.255', port: 0 });
    assert.is(pnp.group, undefined);
    await pnp.close();
  });

  test('turned off, it opens nothing', async () => {
    const { pnp } = await open(group, []);
    assert.is(pnp.group, undefined);
    await pnp.close();
  });
});
