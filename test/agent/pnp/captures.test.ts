/**
 * Traces of phones that asked their LAN, as others have published them, where the
 * reference with them is beside the project; the same shapes in words of our own
 * are in ./phones.ts, and always tested.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { formatOk, notifyTarget, portOf } from '#agent/pnp/answer.ts';
import { type Asking, readAsking } from '#agent/pnp/subscribe.ts';
import { describe } from '#test/support/describe.ts';

const folder = new URL('../../../../shared/reference/captures/', import.meta.url);

/** What a file leaves open. */
const open = { mac: '000413aabb01', ip: '192.0.2.77', port: '5060' };

/** By the number of the file: whose address, from which port. */
// biome-ignore format: a table
const asked: Readonly<Record<string, { mac: string; port: number; model?: string }>> = {
  '04': { mac: 'c074ad112233', port: 5_080, model: 'GRP2612W' },
  '05': { mac: '00135e874b49', port: 5_060 },
  '06': { mac: open.mac,       port: 5_060, model: 'D120' },
  '07': { mac: open.mac,       port: 5_060, model: 'T21P' },
  '08': { mac: '00304fa99948', port: 5_060, model: 'VIP-2140PT' },
  '09': { mac: '00135e874b49', port: 5_060 },
};

describe('a published trace', (test) => {
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];

  test('is there for each row, where the reference is', () => {
    const numbers = files.map((file) => file.slice(0, 2));
    const lost = Object.keys(asked).filter((number) => !numbers.includes(number));
    assert.equal(lost, files.length === 0 ? Object.keys(asked).sort() : []);
  });

  for (const file of files) {
    const expected = asked[file.slice(0, 2)];
    if (expected === undefined) continue;
    test(file, () => {
      const text = subscribeIn(readFileSync(new URL(file, folder), 'utf8'));
      const asking = readAsking(Buffer.from(text, 'latin1')) as Asking;
      const { mac, port, model } = expected;
      assert.equal([asking.mac, asking.model], [mac, model]);
      const address = /SIP\/2\.0\/UDP ([\d.]+)/.exec(asking.via)?.[1] ?? '';
      const source = { address, port };
      assert.equal(notifyTarget(asking, source), source);
      assert.is(portOf(asking, source), port);
      const ok = formatOk(asking, { local: { address: '192.0.2.10', port: 5_060 }, source, tag: 'a' });
      assert.match(
        ok.toString(),
        new RegExp(`\\r\\nCall-ID: ${asking.callId.replace(/[.$]/g, '\\$&')}\\r\\n`),
      );
    });
  }
  if (files.length > 0)
    test('each of them is there', () => {
      const numbers = files.map((file) => file.slice(0, 2));
      assert.equal(
        Object.keys(asked).filter((number) => !numbers.includes(number)),
        [],
      );
    });
});

/** As it was on the wire: one prints no request line, others leave addresses open. */
function subscribeIn(file: string): string {
  const from = file.search(/^(?:SUBSCRIBE sip:|From-the-phone:)/m);
  const [lines = ''] = file.slice(from).split(/\r?\n\r?\n/, 1);
  const filled = lines
    .replace('From-the-phone:', 'SUBSCRIBE sip:224.0.1.75 SIP/2.0')
    .replace(
      /\{(mac|ip|port)\}|\$(mac|ip|port)/g,
      (_, a: keyof typeof open, b: keyof typeof open) => open[a ?? b],
    );
  return `${filled.split(/\r?\n/).join('\r\n')}\r\n\r\n`;
}
