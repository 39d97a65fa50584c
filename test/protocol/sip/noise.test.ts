/** Broken messages by the thousand, the same ones each time: a value or a fault, never another exception, never slow. */

import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { parseChallenge, parseCredentials } from '#protocol/sip/digest.ts';
import { formatMessage, parseMessage } from '#protocol/sip/message.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import { refuse } from '#protocol/sip/refusal.ts';
import { parseUri } from '#protocol/sip/uri.ts';
import { parseVia } from '#protocol/sip/via.ts';
import { describe } from '#test/support/describe.ts';
import { readSipVectors } from '#test/support/sip-vectors.ts';

type Random = (below: number) => number;

function createRandom(seed: number): Random {
  let x = Math.imul(seed, 2_654_435_761) >>> 0; // spread, or neighbouring seeds begin alike
  return (below) => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((x / 2 ** 32) * below);
  };
}

const spice = [
  ...' \t\r\n\0\x7f\xff;,:"\\<>@[]()%=?/*#-+09azAZ',
  '\r\n',
  '\r\n ',
  '\r\n\r\n',
  'sip:',
  'SIP/2.0',
  '%00',
  '4294967296',
];

/** A few cuts, doublings and foreign characters. */
function disturb(text: string, random: Random): string {
  let noisy = text;
  for (let times = 1 + random(4); times > 0; times--) {
    const at = random(noisy.length + 1);
    const length = random(12);
    const kind = random(4);
    if (kind === 0) noisy = noisy.slice(0, at) + noisy.slice(at + length);
    else if (kind === 1) noisy = noisy.slice(0, at + length) + noisy.slice(at);
    else if (kind === 2) noisy = noisy.slice(0, at) + (spice[random(spice.length)] ?? '') + noisy.slice(at);
    else noisy = noisy.slice(0, at) + String.fromCharCode(random(256)) + noisy.slice(at + 1);
  }
  return noisy;
}

function valueOrFault(seed: number, run: () => void): void {
  try {
    run();
  } catch (error) {
    assert.ok(Fault.is(error), `seed ${seed}: ${error instanceof Error ? error.stack : error}`);
  }
}

const values: { name: string; parse: (text: string) => unknown; from: string[] }[] = [
  {
    name: 'a URI',
    parse: parseUri,
    from: ['sip:a%20b:c@[2001:db8::1]:5060;lr;x=y?h=v', 'sips:100@desk.example'],
  },
  {
    name: 'an address',
    parse: parseNameAddr,
    from: ['"A \\"b\\"" <sip:a@b;lr>;tag=1;x="y;z"', 'sip:a@b;tag=1'],
  },
  {
    name: 'a Via',
    parse: parseVia,
    from: ['SIP / 2.0/UDP a.example : 5060 ;branch=z9hG4bK1;received=::1;rport'],
  },
  {
    name: 'credentials',
    parse: parseCredentials,
    from: [
      'Digest username="a", realm="b", nonce="c", uri="sip:d", response="e", qop=auth, nc=00000001, cnonce="f", algorithm=MD5',
    ],
  },
  {
    name: 'a challenge',
    parse: parseChallenge,
    from: ['Digest realm="a", nonce="b", qop="auth,auth-int", stale=true, algorithm=SHA-256'],
  },
];

describe('sip noise', (test) => {
  for (const { name, parse, from } of values) {
    test(name, () => {
      for (let seed = 1; seed <= 4_000; seed++) {
        const random = createRandom(seed);
        const text = disturb(from[seed % from.length] ?? '', random);
        valueOrFault(seed, () => parse(text));
      }
    });
  }

  test('a message: what is read is written so that it is read again, alike', () => {
    const vectors = readSipVectors().filter(({ status }) => status === undefined);
    let read = 0;
    for (let seed = 1; seed <= 4_000; seed++) {
      const random = createRandom(seed);
      const bytes = vectors[random(vectors.length)]?.bytes ?? new Uint8Array();
      const noisy = Buffer.from(disturb(Buffer.from(bytes).toString('latin1'), random), 'latin1');
      valueOrFault(seed, () => void refuse(noisy, new Fault('sip.malformed', 'noise', { status: 400 })));
      valueOrFault(seed, () => {
        const message = parseMessage(noisy);
        read++;
        for (const each of message.names()) message.getAll(each);
        const once = formatMessage(message);
        assert.ok(Buffer.from(once).equals(formatMessage(parseMessage(once))), `seed ${seed}`);
      });
    }
    assert.ok(read > 500 && read < 3_500, `${read} of 4,000 were read: the noise is too loud or too quiet`);
  });

  test('bytes of any kind', () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const random = createRandom(seed);
      const bytes = Uint8Array.from({ length: random(200) }, () => random(256));
      valueOrFault(seed, () => void parseMessage(bytes));
    }
  });

  // biome-ignore format: a table
  const slow: { name: string; text: string }[] = [
    { name: '60 kB of one header name',        text: `OPTIONS sip:a SIP/2.0\r\n${'a'.repeat(60_000)}\r\n\r\n` },
    { name: '30,000 folds',                    text: `OPTIONS sip:a SIP/2.0\r\nSubject: a${'\r\n '.repeat(20_000)}\r\n\r\n` },
    { name: '60 kB of quotes',                 text: `OPTIONS sip:a SIP/2.0\r\nContact: ${'"'.repeat(60_000)}\r\n\r\n` },
    { name: '8 kB of open quotes and commas',  text: `OPTIONS sip:a SIP/2.0\r\nContact: ${'<",'.repeat(2_700)}\r\n\r\n` },
    { name: '200 lines of open brackets',      text: `OPTIONS sip:a SIP/2.0\r\n${`Contact: ${'<'.repeat(290)}\r\n`.repeat(200)}\r\n` },
    { name: '8 kB of escapes in a URI',        text: `OPTIONS sip:${'%41'.repeat(2_700)}@b SIP/2.0\r\n\r\n` },
    { name: '60 kB of a request line',         text: `OPTIONS ${'sip:'.repeat(15_000)} SIP/2.0\r\n\r\n` },
    { name: '60 kB of spaces before a colon',  text: `OPTIONS sip:a SIP/2.0\r\nSubject${' '.repeat(60_000)}: a\r\n\r\n` },
    { name: '60 kB of line ends',              text: '\r\n'.repeat(30_000) },
    { name: '20,000 lines',                    text: `OPTIONS sip:a SIP/2.0\r\n${'a\r\n'.repeat(20_000)}\r\n` },
  ];
  for (const { name, text } of slow) {
    test(`not slow: ${name}`, () => {
      const bytes = Buffer.from(text, 'latin1');
      // The quickest of some, for lateness is the machine's; a quadratic one takes seconds each time.
      const times = [1, 2, 3].map(() => {
        const start = performance.now();
        valueOrFault(0, () => void parseMessage(bytes));
        void refuse(bytes, undefined);
        return performance.now() - start;
      });
      assert.ok(Math.min(...times) < 200, times.join(', '));
    });
  }
});
