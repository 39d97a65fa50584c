/**
 * The framer and the parser see one and the same message, whatever arrives: the
 * project's vectors, the RFCs' torture messages where they are, and thousands of
 * disturbed ones; however they are cut.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { parseMessage } from '#protocol/sip/message.ts';
import { SipStream, type StreamEvent } from '#protocol/sip/stream.ts';
import { describe } from '#test/support/describe.ts';
import { createRandom } from '#test/support/random.ts';
import { readSipVectors } from '#test/support/sip-vectors.ts';

const shared = fileURLToPath(new URL('../../../../shared/vectors/', import.meta.url));
const torture = ['rfc4475', 'rfc5118'].flatMap((folder) =>
  (existsSync(shared + folder) ? readdirSync(shared + folder) : [])
    .filter((file) => file.endsWith('.dat'))
    .map((file) => ({ name: `${folder} ${file}`, bytes: readFileSync(`${shared}${folder}/${file}`) })),
);
const all = [...readSipVectors(), ...torture].map(({ name, bytes }) => ({ name, bytes: Buffer.from(bytes) }));

function framed(pieces: readonly Buffer[]): StreamEvent[] {
  const stream = new SipStream();
  return pieces.flatMap((piece) => stream.take(Buffer.from(piece), 0)).filter(({ type }) => type !== 'ping');
}

const told = (events: readonly StreamEvent[]) =>
  events.map((event) => {
    if (event.type === 'message') return event.bytes.toString('latin1');
    return event.type === 'broken' ? `${event.error.message} ${event.head.length}` : event.type;
  });

/** What the parser makes of a framed message has every byte that was framed, and none besides. */
function agrees({ bytes }: { bytes: Buffer }): boolean {
  try {
    const { body } = parseMessage(bytes);
    return bytes.indexOf('\r\n\r\n') + 4 + body.length === bytes.length;
  } catch (error) {
    return Fault.is(error, 'sip.malformed');
  }
}

function check(bytes: Buffer, cut: (bytes: Buffer) => Buffer[]): void {
  const events = framed([bytes]);
  for (const event of events) if (event.type === 'message') assert.ok(agrees(event));
  assert.equal(told(framed(cut(bytes))), told(events));
}

const inBytes = (bytes: Buffer) => [...bytes].map((byte) => Buffer.of(byte));

describe('stream and parser', (test) => {
  for (const { name, bytes } of all) {
    test(`agree on ${name}`, () => {
      // Behind it stands another, as somebody would who smuggles.
      check(Buffer.concat([bytes, Buffer.from('\r\n'), bytes]), inBytes);
    });
  }

  test('agree on noise', () => {
    const random = createRandom(20);
    const foreign = [
      '\r\n',
      '\n',
      '\r',
      ':',
      ' ',
      '\0',
      ',',
      'l: 3\r\n',
      'Content-Length: 7\r\n',
      '\r\n\r\n',
      '9',
    ];
    for (let round = 0; round < 3_000; round++) {
      const { bytes } = all[random.below(all.length)] ?? { bytes: Buffer.alloc(0) };
      let text = bytes.subarray(0, 2_000).toString('latin1');
      for (let times = random.below(4); times >= 0; times--) {
        const at = random.below(text.length + 1);
        text = text.slice(0, at) + foreign[random.below(foreign.length)] + text.slice(at + random.below(3));
      }
      check(Buffer.from(text + text, 'latin1'), (whole) => {
        const middle = random.below(whole.length);
        return [whole.subarray(0, middle), whole.subarray(middle)];
      });
    }
  });
});
