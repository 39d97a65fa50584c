/** Requests to an upstream where the transactions are full: nothing is thrown out of a timer, nothing stays open. */

import * as assert from 'uvu/assert';
import type { UpstreamPeer } from '#controller/sip/peer.ts';
import { createUpstreamClient } from '#controller/sip/upstream/client.ts';
import { Fault } from '#protocol/fault.ts';
import { createRequest, createResponse, type SipMessage } from '#protocol/sip/message.ts';
import type { OnClient } from '#protocol/sip/transactions.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

const at = { address: '192.0.2.1', port: 5060 };
const peer: UpstreamPeer = {
  type: 'upstream',
  upstream: 'pbx',
  domain: 'pbx.invalid',
  prefix: '',
  transport: 'udp',
  local: at,
  remote: at,
  account: '',
  offset: 0,
};

function createWorld(room: number) {
  const sent: { message: SipMessage; on: OnClient }[] = [];
  const clock = createFakeClock();
  const client = createUpstreamClient({
    clock,
    random: (bytes) => new Uint8Array(bytes),
    credentialOf: () => ({ username: 'u', password: 'p' }),
    hasOther: () => true,
    onOutcome: () => undefined,
    transactions: {
      request(message, _, on) {
        if (sent.length >= room) throw new Fault('limit.reached', 'too many');
        sent.push({ message, on });
        return { branch: '', cancel: () => undefined };
      },
    },
  });
  return { client, sent, clock };
}

const invite = () =>
  createRequest({
    method: 'INVITE',
    uri: 'sip:1@pbx.invalid',
    headers: [
      ['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabcdefgh1'],
      ['From', '<sip:100@pbx.invalid>;tag=a'],
      ['To', '<sip:1@pbx.invalid>'],
      ['Call-ID', 'c'],
      ['CSeq', '1 INVITE'],
    ],
  });

describe('controller/sip/upstream: no room', (test) => {
  test('a question of our own: as if no answer came', () => {
    const heard: string[] = [];
    const { client } = createWorld(0);
    client.ask(invite(), peer, { response: () => undefined, end: (why) => void heard.push(why) });
    assert.equal(heard, ['transport']);
  });

  test('a call: its sender is told, and no timer is left', () => {
    const { client, clock } = createWorld(0);
    assert.throws(() => client.request(invite(), peer, { response: () => undefined }), /too many/);
    assert.is(clock.pending(), 0);
  });

  test('the answer to a challenge: the challenge is the answer', () => {
    const heard: number[] = [];
    const { client, sent } = createWorld(1);
    const request = invite();
    client.request(request, peer, {
      response: ({ start }) => void heard.push(start.type === 'response' ? start.status : 0),
    });
    const headers = [['Proxy-Authenticate', 'Digest realm="pbx", nonce="n"']] as const;
    sent[0]?.on.response(createResponse(request, 407, { toTag: 't', headers }));
    assert.equal(heard, [407]);
  });
});
