import * as assert from 'uvu/assert';
import type { SipStranger } from '#controller/model/ports.ts';
import { readStranger } from '#controller/sip/stranger.ts';
import { parseMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { createWorld, flowAt } from './world.ts';

const flow = flowAt('north', 11);
const read = (from: string, ...headers: string[]): SipStranger | undefined =>
  readStranger(
    parseMessage(
      Buffer.from(
        [
          'REGISTER sip:192.0.2.1 SIP/2.0',
          'Via: SIP/2.0/UDP 192.0.2.77:5060;branch=z9hG4bK1',
          `From: ${from};tag=1`,
          'To: <sip:a@192.0.2.1>',
          'Call-ID: a',
          'CSeq: 1 REGISTER',
          ...headers,
          '',
          '',
        ].join('\r\n'),
      ),
    ),
    flow,
  );

describe('a stranger', (test) => {
  // biome-ignore format: a table
  const rows: [headers: string[], mac: string | undefined][] = [
    [['User-Agent: Fanvil X303 2.12.18.10 0c383e000001', 'Mac: 0c:38:3e:00:00:01'],            '0c383e000001'],
    [['Mac: 0C-38-3E-00-00-01'],                                                              '0c383e000001'],
    [['Mac: anything'],                                                                       undefined],
    [['User-Agent: Fanvil X303 2.12.18.10 0c383e000001'],                                      '0c383e000001'],
    [['User-Agent: Yealink SIP-T46S 66.86.0.15'],                                              undefined],
    [['User-Agent: Aastra 6867i/4.5.0.42', 'Contact: <sip:10@192.0.2.77>;+sip.instance="<urn:uuid:00000000-0000-1000-8000-00085D000001>"'], '00085d000001'],
    [['Contact: <sip:10@192.0.2.77>;+sip.instance="<urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8>"'], undefined],
    [[],                                                                                      undefined],
  ];
  for (const [headers, mac] of rows) {
    test(`${headers.join(', ').slice(0, 70)}: ${mac ?? 'no MAC'}`, () => {
      const stranger = read('<sip:1001@192.0.2.1>', ...headers);
      assert.equal([stranger?.mac, stranger?.user], [mac, '1001']);
    });
  }

  test('what is no SIP address is nobody', () => assert.is(read('<tel:+4930>'), undefined));

  test('a request of nobody we know is told of, one of a device is not', () => {
    const told: SipStranger[] = [];
    const world = createWorld({ onStranger: (stranger) => told.push(stranger) });
    for (const [name, port] of [
      ['HD0001', 11],
      ['1001', 12],
    ] as const) {
      const phone = world.phone(name, flowAt('north', port));
      phone.send(phone.build('REGISTER', { from: `sip:${name}@x`, to: `sip:${name}@x` }));
      phone.take();
    }
    assert.equal(
      told.map(({ user, flow: { remote } }) => [user, remote]),
      [['1001', flowAt('north', 12).remote]],
    );
  });
});
