/** The project's own vectors everywhere; the RFCs' torture messages where the folder with them is. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { formatMessage, parseMessage, type SipMessage } from '#protocol/sip/message.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import { parseUri } from '#protocol/sip/uri.ts';
import { formatVia, parseVia } from '#protocol/sip/via.ts';
import { describe } from '#test/support/describe.ts';
import { readSipVectors } from '#test/support/sip-vectors.ts';

function refusedWith(status: number): (error: unknown) => boolean {
  return (error) => Fault.is(error, 'sip.malformed') && error.facts.status === status;
}

/** Written and read again, a message is the same, to the byte. */
function isFixedPoint(message: SipMessage): boolean {
  const once = formatMessage(message);
  return Buffer.from(once).equals(formatMessage(parseMessage(once)));
}

describe('sip vectors', (test) => {
  for (const { name, bytes, status, reads = {}, bodyReads } of readSipVectors()) {
    test(name, () => {
      if (status !== undefined) {
        assert.throws(() => parseMessage(bytes), refusedWith(status));
        return;
      }
      const message = parseMessage(bytes);
      for (const [header, values] of Object.entries(reads))
        assert.equal(message.getAll(header), values, header);
      if (bodyReads !== undefined) assert.is(Buffer.from(message.body).toString('latin1'), bodyReads);
      assert.ok(isFixedPoint(message));
    });
  }
});

type Verdict = { parse: string; expected: string };

const shared = fileURLToPath(new URL('../../../../shared/vectors/', import.meta.url));
const rfc4475 = read('rfc4475');
const rfc5118 = read('rfc5118');

function read(folder: string): Record<string, Verdict> {
  const file = `${shared}${folder}/verdicts.json`;
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Verdict>) : {};
}

/** The status where it is not 400. A response is dropped, whatever its fault says. */
const statuses: Record<string, number> = { badvers: 505 };

/** What the verdicts call a proper message that nobody can answer properly, we refuse at once, with the same 400. */
const refusedEarly = ['insuf', 'multi01'];

describe('rfc 4475', (test) => {
  for (const [name, { parse, expected }] of Object.entries(rfc4475)) {
    const bytes = () => readFileSync(`${shared}rfc4475/${name}.dat`);
    const isRefused = parse === 'reject' || refusedEarly.includes(name);
    test(`${name}: ${expected}`, () => {
      if (isRefused) assert.throws(() => parseMessage(bytes()), refusedWith(statuses[name] ?? 400));
      else assert.ok(isFixedPoint(parseMessage(bytes())));
    });
  }

  if (!('wsinv' in rfc4475)) return;
  const torture = (name: string) => parseMessage(readFileSync(`${shared}rfc4475/${name}.dat`));

  test('a bad display name is refused for itself', () => {
    const bytes = readFileSync(`${shared}rfc4475/baddn.with-final-crlf.dat`);
    assert.throws(() => parseMessage(bytes), /display name/);
  });
  test('wsinv in detail', () => {
    const message = torture('wsinv');
    assert.is(message.get('Max-Forwards'), '0068');
    assert.is(message.get('NewFangledHeader'), 'newfangled value continued newfangled value');
    assert.is(message.get('UnknownHeaderWithUnusualValue'), ';;,,;;,;');
    assert.is(message.getAll('Via').length, 3);
    assert.is(message.from.display, 'J Rosenberg \\"');
    assert.is(message.to.params.get('tag'), '1918181833n');
    assert.equal(message.cseq, { number: 9, method: 'INVITE' });
  });
  test('esc01: an escape is not taken out of a user', () => {
    const { start } = torture('esc01');
    assert.is(start.type === 'request' && parseUri(start.uri).user, 'sips%3Auser%40example.com');
  });
  test('escnull: two users of escaped NULs are two', () => {
    const users = torture('escnull')
      .getAll('Contact')
      .map((each) => parseUri(parseNameAddr(each).uri).user);
    assert.equal(users, ['%00', '%00%00']);
  });
  test('semiuri: a semicolon in a user is the user', () => {
    const { start } = torture('semiuri');
    assert.is(start.type === 'request' && parseUri(start.uri).user, 'user;par=u%40example.net');
  });
  test('cparam: whose parameter it is', () => {
    const [header, uri] = ['cparam01', 'cparam02'].map((name) =>
      parseNameAddr(torture(name).get('Contact') ?? ''),
    );
    assert.ok(header?.params.has('unknownparam'));
    assert.ok(
      uri !== undefined && !uri.params.has('unknownparam') && parseUri(uri.uri).params.has('unknownparam'),
    );
  });
  test('mpart01: the body comes out as it went in', () => {
    const bytes = readFileSync(`${shared}rfc4475/mpart01.dat`);
    const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
    assert.ok(Buffer.from(parseMessage(formatMessage(parseMessage(bytes))).body).equals(body));
  });
  test('novelsc, unkscm: 416 is for who routes', () => {
    for (const name of ['novelsc', 'unkscm']) {
      const { start } = torture(name);
      assert.throws(() => start.type === 'request' && parseUri(start.uri), refusedWith(416));
    }
  });
});

describe('rfc 5118', (test) => {
  for (const [name, { parse, expected }] of Object.entries(rfc5118)) {
    test(`${name}: ${expected}`, () => {
      if (parse === 'reject') assert.throws(() => parseMessage(wire5118(name)), refusedWith(400));
      else assert.ok(isFixedPoint(parseMessage(wire5118(name))));
    });
  }

  if (!('port-ambiguous' in rfc5118)) return;
  const hostOf = (name: string) => {
    const { start } = parseMessage(wire5118(name));
    const { host, port } = parseUri(start.type === 'request' ? start.uri : '');
    return { host, port };
  };

  test('a port within the brackets is none', () => {
    assert.equal(hostOf('port-ambiguous'), { host: '2001:db8::10:5070', port: undefined });
    assert.equal(hostOf('port-unambiguous'), { host: '2001:db8::10', port: 5070 });
  });
  test('three colons are two', () => {
    assert.equal(hostOf('ipv6-bug-abnf-3-colons'), hostOf('ipv6-correct-abnf-2-colons'));
  });
  test('received with brackets and without', () => {
    const received = (name: string) => parseMessage(wire5118(name)).topVia.params.get('received');
    assert.is(received('via-received-param-with-delim'), '[2001:db8::9:255]');
    assert.is(received('via-received-param-no-delim'), '2001:db8::9:255');
  });
  test('Vias of both families', () => {
    const vias = parseMessage(wire5118('mult-ip-in-header')).getAll('Via');
    assert.is(vias.length, 3);
    for (const via of vias) assert.is(formatVia(parseVia(via)), via);
  });
});

/**
 * The archive's files end their lines with LF, two have no empty line, and one counts a body that is not all there:
 * with CRLF, with the empty line, and with the count of the body that there is, they are on the wire what the RFC shows.
 */
function wire5118(name: string): Uint8Array {
  const text = readFileSync(`${shared}rfc5118/${name}`, 'latin1').replaceAll('\n', '\r\n');
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const lines = head
    .trimEnd()
    .split('\r\n')
    .filter((line) => !line.startsWith('Content-Length'));
  return Buffer.from([...lines, `Content-Length: ${body.length}`, '', body].join('\r\n'), 'latin1');
}
