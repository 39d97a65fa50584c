/**
 * Real phones in real calls, and somebody in between who sends mangled copies of
 * what they send before each true message: what is behind a right digest, in
 * every state of a call, meets what no phone would say.
 */

import * as assert from 'uvu/assert';
import { dialTunnel } from '#agent/tunnel.ts';
import { anna, ben, type Desk, inWorld, type World } from '#test/e2e/world.ts';
import { describe } from '#test/support/describe.ts';
import { createRandom, type Random } from '#test/support/random.ts';
import { until } from '#test/support/until.ts';

const minutes = Number(process.env.HOTDESK_MANGLED_MINUTES ?? 2);

/** Of a header's value, a body line, a number: what parsers have stumbled over. */
const bits = [
  ...[
    '',
    ' ',
    '\t',
    ';',
    ';;',
    ',',
    '"',
    '<',
    '>',
    '@',
    ':',
    '%',
    '%00',
    '%zz',
    '\u0000',
    '\u00ff',
    '\u00e9',
  ],
  ...['0', '-1', '1e9', '0x10', '4294967296', '4294967328', '65535', '65536', '99999999999999999999', 'NaN'],
  ...[
    'sip:',
    'sips:x',
    'tel:+1',
    '*',
    'anonymous',
    '__proto__',
    'constructor',
    '0.0.0.0',
    '[::]',
    '[',
    '::1',
  ],
  ...['application/sdp', 'multipart/mixed;boundary=x', 'render', 'session;handling=optional', 'SIP/2.0'],
  ...[
    'a'.repeat(300),
    ' '.repeat(2_000),
    ';a'.repeat(500),
    '%41'.repeat(300),
    '<'.repeat(200),
    '('.repeat(500),
  ],
];
const methods =
  'INVITE ACK BYE CANCEL OPTIONS REGISTER SUBSCRIBE NOTIFY INFO REFER UPDATE PRACK MESSAGE'.split(' ');
const headers = [
  ...['Content-Disposition: render', 'Content-Disposition: session', 'Content-Type: application/sdp'],
  ...[
    'Content-Encoding: gzip',
    'Require: 100rel',
    'Supported: 100rel, replaces, timer',
    'RSeq: 1',
    'RAck: 1 1 INVITE',
  ],
  ...[
    'Replaces: x;to-tag=a;from-tag=b',
    'Refer-To: <sip:100@x?Replaces=a%3Bto-tag%3Db>',
    'Referred-By: <sip:x>',
  ],
  ...[
    'Event: dialog',
    'Event: refer',
    'Event: check-sync',
    'Subscription-State: terminated;reason=noresource',
  ],
  ...[
    'Session-Expires: 0',
    'Min-SE: 0',
    'Expires: 4294967296',
    'Max-Forwards: 0',
    'Route: <sip:x;lr>',
    'Via: SIP/2.0/UDP x',
  ],
  ...[
    'Record-Route: <sip:x;lr>',
    'Contact: *',
    'Contact: <sip:x@127.0.0.1:1>',
    'Reason: SIP;cause=999',
    'Allow: INFO',
  ],
];
const bodies = [
  ...[
    'v=0',
    'v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 65535 RTP/AVP 0 101\r\n',
  ],
  ...[
    'Signal=5\r\nDuration=160',
    '--x\r\n\r\n--x--',
    '<?xml version="1.0"?>',
    '\u0000'.repeat(100),
    'm='.repeat(2_000),
  ],
  'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\nm=audio 1 RTP/AVP 8\r\n',
];

function mangle(bytes: Uint8Array, random: Random): Buffer {
  const text = Buffer.from(bytes).toString('latin1');
  const split = text.indexOf('\r\n\r\n');
  const lines = text.slice(0, split).split('\r\n');
  let body = text.slice(split + 4);
  const one = <T>(of: readonly T[]): T => of[random.below(of.length)] as T;
  const anyLine = () => random.below(lines.length);
  const inLine = (change: (line: string) => string) => {
    const at = anyLine();
    lines[at] = change(lines[at] ?? '');
  };
  const changes: (() => void)[] = [
    () =>
      inLine(
        (line) =>
          line.slice(0, random.below(line.length + 1)) +
          one(bits) +
          line.slice(random.below(line.length + 1)),
      ),
    () => inLine((line) => line.replace(/: .*/s, `: ${one(bits)}`)),
    () => inLine((line) => line.replace(/\d+/, one(bits))),
    () => void lines.splice(anyLine(), 1),
    () => void lines.splice(1 + anyLine(), 0, one(lines)),
    () => void lines.splice(1 + anyLine(), 0, one(headers)),
    () => void lines.splice(1 + anyLine(), 0, one(headers)),
    () => {
      const method = one(methods);
      lines[0] = (lines[0] ?? '').replace(/^[A-Z]+(?= )/, method);
      if (random.below(3) > 0)
        for (const [at, line] of lines.entries()) lines[at] = line.replace(/^(CSeq: \d+ ).*/, `$1${method}`);
    },
    () => {
      for (const [at, line] of lines.entries())
        lines[at] = line.replace(/^CSeq: (\d+)/, (_, number) => `CSeq: ${Number(number) + random.below(4)}`);
    },
    () => {
      body = one(bodies);
      if (random.below(2) > 0) lines.push('Content-Type: application/sdp');
    },
    () => {
      const at = random.below(body.length + 1);
      body = body.slice(0, at) + one(bits) + body.slice(at + random.below(20));
    },
  ];
  for (let times = 1 + random.below(3); times > 0; times--) one(changes)();
  const branch = `branch=z9hG4bKm${random.below(1 << 30).toString(36)}`;
  // Else it would be the same transaction, and nobody would look at it.
  if (random.below(4) > 0)
    for (const [at, line] of lines.entries()) lines[at] = line.replace(/branch=z9hG4bK[\w.-]+/, branch);
  if (random.below(4) > 0)
    for (const [at, line] of lines.entries())
      lines[at] = line.replace(/^Content-Length: .*/, `Content-Length: ${body.length}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

/** One thing that a person does; what comes of it does not matter here. */
function act(desk: Desk, random: Random): void {
  const { phone } = desk;
  const numbers = [
    anna.extension,
    ben.extension,
    '*77*100*',
    '*77*101*',
    '*77*',
    '*77*5*',
    '112',
    '999',
    'HD0001',
  ];
  const number = numbers[random.below(numbers.length)] ?? '112';
  const all: (() => void)[] = [
    () => phone.call(number),
    () => phone.call('*77*100*'),
    () => phone.answer(),
    () => phone.hangUp(),
    () => phone.dtmf(`${anna.pin}#`),
    () => phone.dtmf('0*#12'),
    () => phone.autoAnswer(random.below(2) > 0),
  ];
  try {
    all[random.below(all.length)]?.();
  } catch {
    // Nothing to answer, to hang up, to type into.
  }
}

const isWell = async (world: World) =>
  (await fetch(new URL('/healthz', world.controller.api))).status === 200;

describe('mangled copies of what phones say', (test) => {
  test(
    'harm nobody: no error is left uncaught, no message fails, and calls go on afterwards',
    async () => {
      const seed = Number(process.env.HOTDESK_SEED ?? Date.now() % 1_000_000);
      process.stdout.write(`seed ${seed}\n`);
      const random = createRandom(seed);
      const uncaught: unknown[] = [];
      const note = (error: unknown) => void uncaught.push(error);
      process.on('uncaughtException', note);
      let isMangling = true;
      let sent = 0;
      const dial: typeof dialTunnel = (options) => {
        const tunnel = dialTunnel(options);
        return Object.create(tunnel, {
          sip: {
            value(flow: number, bytes: Uint8Array) {
              for (let copies = random.below(6); isMangling && copies > 0; copies--) {
                tunnel.sip(flow, mangle(bytes, random));
                sent++;
              }
              return tunnel.sip(flow, bytes);
            },
          },
        });
      };
      try {
        await inWorld(
          async (world) => {
            const desks = [await world.desk('HD0001'), await world.desk('HD0002')];
            const end = performance.now() + minutes * 60_000;
            let longest = 0;
            while (performance.now() < end && uncaught.length === 0) {
              act(desks[random.below(desks.length)] as Desk, random);
              const before = performance.now();
              await new Promise((resolve) => setTimeout(resolve, 5));
              longest = Math.max(longest, performance.now() - before);
            }
            isMangling = false;
            const failed = world.log.filter((line) => /"level":[56]0/.test(line) && !/upgrade/.test(line));
            const heap = Math.round(process.memoryUsage().heapUsed / 1e6);
            process.stdout.write(
              `${sent} mangled, longest turn ${Math.round(longest)} ms, heap ${heap} MB, ${failed.length} errors logged\n`,
            );
            for (const line of [...new Set(failed.map((each) => each.slice(0, 1_500)))].slice(0, 10))
              process.stdout.write(`${line}\n`);
            for (const error of uncaught) process.stdout.write(`${(error as Error).stack}\n`);
            assert.is(uncaught.length, 0);
            assert.ok(await isWell(world));
            for (const desk of desks) desk.phone.hangUp();
            await until(
              'a call for help is answered',
              async () => {
                const from = desks[0]?.mark() ?? 0;
                desks[0]?.phone.call('112');
                return await desks[0]?.saw('answered', {}, from).then(
                  () => true,
                  () => false,
                );
              },
              60_000,
            );
          },
          { desks: 2, agent: { dial } },
        );
      } finally {
        process.off('uncaughtException', note);
      }
    },
    (minutes + 3) * 60_000,
  );
});
