import * as assert from 'uvu/assert';
import type { Flow } from '#controller/model/model.ts';
import { createFlowTokens, type Side } from '#controller/sip/flow-token.ts';
import { ivr } from '#controller/sip/peer.ts';
import { describe } from '#test/support/describe.ts';

const agent = '0123456789abcdef';
const siteOf = (id: string) => (id === agent ? 'north' : undefined);
const tokens = createFlowTokens(new Uint8Array(32).fill(1), siteOf);

const flow = (transport: Flow['transport'], local: string, remote: string): Flow => ({
  agent,
  site: 'north',
  transport,
  local: { address: local, port: 5060 },
  remote: { address: remote, port: 65_535 },
});

const sides: { name: string; side: Side }[] = [
  {
    name: 'a phone over UDP',
    side: {
      peer: { type: 'flow', flow: flow('udp', '192.0.2.1', '192.0.2.255') },
      device: 'HD0001',
      user: '100',
    },
  },
  {
    name: 'a phone over TLS and IPv6',
    side: {
      peer: { type: 'flow', flow: flow('tls', '2001:db8::1', 'fe80::ab:0:cdef') },
      device: 'HD00000001',
      user: '123456789012345',
    },
  },
  {
    name: 'a phone over TCP, IPv4 to IPv6 loopback',
    side: { peer: { type: 'flow', flow: flow('tcp', '127.0.0.1', '::1') }, device: 'HD1', user: 'HD1' },
  },
  {
    name: 'a gateway',
    side: { peer: { type: 'flow', flow: flow('udp', '10.0.0.1', '10.0.0.9') }, device: '', user: '112' },
  },
  { name: 'the IVR', side: { peer: ivr, device: '', user: 'hotdesk' } },
];

describe('flow token', (test) => {
  for (const { name, side } of sides) {
    test(`of ${name} opens as it was sealed`, () => {
      const token = tokens.seal('call-1', side);
      assert.match(token, /^[A-Za-z0-9_-]+$/);
      assert.equal(tokens.open('call-1', token), side);
    });
  }

  const [{ side } = { side: { peer: ivr, device: '', user: '' } }] = sides;
  const token = tokens.seal('call-1', side);

  test('is short enough for a UDP INVITE', () => assert.ok(token.length < 64, token));
  test('is worth nothing in another call', () => assert.is(tokens.open('call-2', token), undefined));
  test('is worth nothing with another key', () =>
    assert.is(createFlowTokens(new Uint8Array(32), siteOf).open('call-1', token), undefined));
  test('dies with its agent', () =>
    assert.is(
      createFlowTokens(new Uint8Array(32).fill(1), () => undefined).open('call-1', token),
      undefined,
    ));

  test('dies with its agent, and moves with it, also after it was opened', () => {
    let site: string | undefined = 'north';
    const changing = createFlowTokens(new Uint8Array(32).fill(1), () => site);
    assert.equal(changing.open('call-1', token), side);
    site = 'south';
    const moved = changing.open('call-1', token);
    assert.is(moved?.peer.type === 'flow' && moved.peer.flow.site, 'south');
    site = undefined;
    assert.is(changing.open('call-1', token), undefined);
  });

  test('opens with no byte changed, none missing, none more', () => {
    const bytes = Buffer.from(token, 'base64url');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 1;
      assert.is(tokens.open('call-1', changed.toString('base64url')), undefined);
      assert.is(tokens.open('call-1', bytes.subarray(0, i).toString('base64url')), undefined);
    }
    assert.is(tokens.open('call-1', `${token}AAAA`), undefined);
    assert.is(tokens.open('call-1', 'x'.repeat(10_000)), undefined);
  });
});
