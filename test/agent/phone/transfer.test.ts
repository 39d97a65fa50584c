/** Which call a Replaces header names, what a NOTIFY tells of a transfer, and what a phone does not follow. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Notification } from 'sip.js';
import * as assert from 'uvu/assert';
import { findReplaced, statusIn } from '#agent/phone/transfer.ts';
import { parseMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { patient, watch } from './office.ts';

const call = (callId: string, localTag: string, remoteTag: string) => ({
  dialogs: [{ callId, localTag, remoteTag }],
});
const ringing = { dialogs: [] };
const forked = {
  dialogs: ['one', 'two'].map((remoteTag) => ({ callId: 'f', localTag: 'mine', remoteTag })),
};
const [one, two] = [call('a@b', 'here', 'there'), call('c', 'x', 'y')];

// biome-ignore format: a table
const replaced: [string, object | undefined][] = [
  ['a@b;to-tag=here;from-tag=there',               one],
  ['a@b ; from-tag=there ; to-tag=here',           one],
  ['c;to-tag=x;from-tag=y;early-only',             two],
  ['f;to-tag=mine;from-tag=two;early-only',        forked],
  ['f;to-tag=mine;from-tag=three',                 undefined],
  ['a@b;to-tag=there;from-tag=here',               undefined],
  ['a@b;to-tag=here',                              undefined],
  ['a@b',                                          undefined],
  ['c;to-tag=here;from-tag=there',                 undefined],
  ['',                                             undefined],
];

// biome-ignore format: a table
const bodies: [string, number | undefined][] = [
  ['SIP/2.0 200 OK',                       200],
  ['SIP/2.0 180 Ringing\r\nTo: <sip:a@b>', 180],
  ['SIP/2.0 486\r\n',                      486],
  ['SIP/2.0 2000 OK',                      undefined],
  ['To: <sip:a@b>',                        undefined],
  ['',                                     undefined],
];

describe('transfer', (quick) => {
  for (const [header, expected] of replaced) {
    quick(`Replaces: ${header}`, () =>
      assert.is(findReplaced(header, [ringing, one, two, forked]), expected),
    );
  }

  for (const [body, status] of bodies) {
    quick(`told ${JSON.stringify(body)}`, () =>
      assert.is(statusIn({ request: { body } } as Notification), status),
    );
  }

  const test = patient(quick);

  test('a gateway follows nobody', async () => {
    const [gateway, caller] = [await watch({}), await watch({})];
    try {
      caller.phone.call(gateway.uri);
      await caller.saw('answered');
      assert.ok(caller.phone.transfer('sip:anyone@127.0.0.1:9'));
      assert.is((await caller.saw('transfer')).status, 403);
      assert.is(gateway.events.filter(({ event }) => event === 'calling').length, 0);
    } finally {
      for (const { phone } of [caller, gateway]) await phone.close();
    }
  });

  for (const header of ['nobody;to-tag=a;from-tag=b', 'nobody', ';;;', '"']) {
    test(`an INVITE with Replaces: ${header} is 481, and does not ring`, async () => {
      const phone = await watch({});
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      await once(socket, 'listening');
      let status = 0;
      socket.on('message', (bytes) => {
        const { start } = parseMessage(bytes);
        if (start.type === 'response') status = start.status;
      });
      const { port } = socket.address();
      const invite = [
        `INVITE ${phone.uri} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bKone;rport`,
        'From: <sip:a@127.0.0.1>;tag=a',
        'To: <sip:x@127.0.0.1>',
        'Call-ID: one',
        'CSeq: 1 INVITE',
        `Contact: <sip:a@127.0.0.1:${port}>`,
        'Max-Forwards: 70',
        `Replaces: ${header}`,
        'Content-Length: 0',
      ];
      try {
        socket.send(`${invite.join('\r\n')}\r\n\r\n`, phone.phone.sip.port, phone.phone.sip.address);
        await until('an answer', () => status >= 200);
        assert.is(status, 481);
        assert.is(phone.events.filter(({ event }) => event === 'incoming').length, 0);
      } finally {
        socket.close();
        await phone.phone.close();
      }
    });
  }
});
