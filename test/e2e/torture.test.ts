/**
 * Whatever a SIP server was ever tried with, thrown at the real agent and the
 * real controller over UDP: once by a stranger, once with a right digest of a
 * device. After each the server answers the next OPTIONS as if nothing had been.
 */

import * as assert from 'uvu/assert';
import { answerChallenge, parseChallenge } from '#protocol/sip/digest.ts';
import { parseMessage } from '#protocol/sip/message.ts';
import { openFakePhone } from '#test/agent/fake-phone.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { statusOf } from './raw-phone.ts';
import { readTorture, type Torture, verdicts } from './torture.ts';
import { inWorld, macOf, type World } from './world.ts';

const maxAmplification = 400;
const agentName = `Yealink SIP-T46S 66.86.0.15 ${macOf('HD0001')}`;

type Thrown = { answers: readonly Buffer[] };

/** A device that can throw anything, and look whether the server is still itself. */
async function openThrower(world: World) {
  const phone = await openFakePhone();
  world.defer(phone.close);
  const config = await fetch(`${await world.url('HD0001')}${macOf('HD0001')}.cfg`, {
    headers: { 'user-agent': agentName },
  });
  const password = /^account\.1\.password *= *(\S+)/m.exec(await config.text())?.[1] ?? '';
  let serial = 0;
  let challenge = '';
  const heard = new Set<string>();

  const options = (headers: readonly string[]) => {
    serial++;
    const lines = [
      `OPTIONS sip:${world.sip.address} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${phone.at.port};branch=z9hG4bKprobe${serial}`,
      'From: <sip:HD0001@127.0.0.1>;tag=p',
      'To: <sip:127.0.0.1>',
      `Call-ID: probe${serial}`,
      `CSeq: ${serial} OPTIONS`,
      'Max-Forwards: 70',
      ...headers,
      'Content-Length: 0',
    ];
    return `${lines.join('\r\n')}\r\n\r\n`;
  };

  const credentials = (method: string, uri: string) =>
    answerChallenge(parseChallenge(challenge), {
      ...{ method, uri, password, username: 'HD0001', cnonce: 'c', nc: ++serial },
    });

  phone.send(world.sip, options([]));
  challenge = parseMessage(Buffer.from(await phone.next(), 'latin1')).get('WWW-Authenticate') ?? '';

  return {
    /** Again for as long as it is too much at once from one address: what is dropped for that says nothing. */
    async throw(bytes: Uint8Array): Promise<Thrown> {
      return await until('it is not too much at once', async () => {
        const before = await world.counter('sip.limited');
        const thrown = await this.throwOnce(bytes);
        return before === (await world.counter('sip.limited')) ? thrown : undefined;
      });
    },

    /** What came back before the answer to the OPTIONS that follows. */
    async throwOnce(bytes: Uint8Array): Promise<Thrown> {
      phone.send(world.sip, bytes);
      phone.send(world.sip, options([`Authorization: ${credentials('OPTIONS', 'sip:x')}`]));
      const answers: Buffer[] = [];
      for (;;) {
        const answer = Buffer.from(await phone.next(), 'latin1');
        if (answer.includes(`Call-ID: probe${serial}\r\n`)) {
          assert.is(statusOf(parseMessage(answer)), 200, 'the server is not itself any more');
          return { answers };
        }
        // A refused INVITE is refused again until an ACK comes (RFC 3261 17.2.1).
        const text = answer.toString('latin1');
        if (text.startsWith('SIP/2.0 400') || !heard.has(text)) answers.push(answer);
        heard.add(text);
      }
    },

    /** The same with a digest right behind its first line; undefined: it has no first line of a request. */
    sign(bytes: Buffer): Buffer | undefined {
      const end = bytes.indexOf('\r\n');
      const [method = '', uri = ''] = bytes.toString('latin1', 0, end).trim().split(/ +/);
      if (end < 0 || method.startsWith('SIP/')) return undefined;
      const name = ['REGISTER', 'OPTIONS'].includes(method) ? 'Authorization' : 'Proxy-Authorization';
      const line = `\r\n${name}: ${credentials(method, uri)}`;
      // A transaction of its own: several of ours have one branch.
      const rest = bytes.toString('latin1', end).replace(/(branch=z9hG4bK)(\w)/, `$1n${serial}$2`);
      return Buffer.from(bytes.toString('latin1', 0, end) + line + rest, 'latin1');
    },
  };
}

const said = ({ answers }: Thrown) =>
  answers.map((answer) => answer.toString('latin1', 8, 11)).join(' ') || '-';

/** Of ours: refused as it shall be, or nothing where there is nothing to answer with; else asked who it is. */
function isProper({ set, name, expected }: Torture, stranger: string, device: string): boolean {
  if (set !== 'own') return verdicts[name] === `${stranger} ${device}`.trim();
  if (expected !== 'accepted') return [expected, '-'].includes(stranger);
  return ['401', '407', '-'].includes(stranger);
}

describe('torture', (test) => {
  test('each message gets its answer, and the next request too', async () => {
    await inWorld(async (world) => {
      const thrower = await openThrower(world);
      const rows: string[] = [];
      const wrong: string[] = [];
      for (const torture of readTorture()) {
        const { set, name, bytes, expected } = torture;
        const first = await thrower.throw(bytes);
        for (const answer of first.answers)
          assert.ok(answer.length <= bytes.length + maxAmplification, `${name}: ${answer.length} bytes`);
        const signed = thrower.sign(bytes);
        const stranger = said(first);
        const device = signed === undefined ? '' : said(await thrower.throw(signed));
        rows.push([set.padEnd(8), name.padEnd(44), stranger.padEnd(5), device.padEnd(9), expected].join(' '));
        if (!isProper(torture, stranger, device)) wrong.push(`${set} ${name}: ${stranger} ${device}`);
      }
      process.stdout.write(`\n${rows.join('\n')}\n`);
      assert.equal(wrong, []);
    });
  }, 60_000);
});
