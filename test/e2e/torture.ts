/**
 * The messages that a SIP server is tried with: our own of test/vectors/sip, and
 * those of RFC 4475 and RFC 5118 where the folder with them is. As on the wire.
 */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readSipVectors } from '#test/support/sip-vectors.ts';

export type Torture = { set: 'own' | 'rfc4475' | 'rfc5118'; name: string; bytes: Buffer; expected: string };

const shared = fileURLToPath(new URL('../../../shared/vectors/', import.meta.url));

export function readTorture(): readonly Torture[] {
  const own = readSipVectors().map(({ name, bytes, status }): Torture => {
    const expected = status === undefined ? 'accepted' : String(status);
    return { set: 'own', name, bytes: Buffer.from(bytes), expected };
  });
  return [...own, ...archive('rfc4475'), ...archive('rfc5118')];
}

type Verdicts = Record<string, { expected: string }>;

function archive(set: 'rfc4475' | 'rfc5118'): readonly Torture[] {
  const file = `${shared}${set}/verdicts.json`;
  if (!existsSync(file)) return [];
  const verdicts = JSON.parse(readFileSync(file, 'utf8')) as Verdicts;
  return Object.entries(verdicts).map(([name, { expected }]) => {
    const bytes = readFileSync(`${shared}${set}/${name}${set === 'rfc4475' ? '.dat' : ''}`);
    return { set, name, bytes: set === 'rfc4475' ? bytes : toWire(bytes), expected };
  });
}

/**
 * The files of RFC 5118 end their lines with LF, two have no empty line, and one counts a body that is not all
 * there: with CRLF, with the empty line and with the right count they are what the RFC shows.
 */
function toWire(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replaceAll('\n', '\r\n');
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const lines = head
    .trimEnd()
    .split('\r\n')
    .filter((line) => !line.startsWith('Content-Length'));
  return Buffer.from([...lines, `Content-Length: ${body.length}`, '', body].join('\r\n'), 'latin1');
}

/**
 * What the product makes of the RFCs' messages: its answer to a stranger, and to a device that signed it; `-` is
 * silence. Where that is not what the archive expects, the line says why; "another host" is 404, for we serve one.
 */
// biome-ignore format: a table
export const verdicts: Readonly<Record<string, string>> = {
  wsinv:                            '407 481', // its To has a tag: no such dialog
  intmeth:                          '407 405', // no such method here
  esc01:                            '407 404', // another host
  escnull:                          '401 403', // not his address
  esc02:                            '407 405', // no such method here: not a REGISTER
  lwsdisp:                          '401 200',
  longreq:                          '407 404', // another host
  dblreq:                           '401 403', // not his address; the second is not seen
  semiuri:                          '401 200',
  transports:                       '401 200',
  mpart01:                          '407 405', // MESSAGE is not served
  unreason:                         '-', // a response
  noreason:                         '-', // a response
  badinv01:                         '400 400',
  clerr:                            '400 400',
  ncl:                              '400 400',
  scalar02:                         '400 400',
  scalarlg:                         '-', // a response
  quotbal:                          '400 400',
  ltgtruri:                         '400 400',
  lwsruri:                          '400 400',
  lwsstart:                         '400 400',
  trws:                             '400 400',
  escruri:                          '400 400',
  baddate:                          '407 404', // the Date is not read; another host
  regbadct:                         '400 400',
  badaspec:                         '400 400',
  baddn:                            '400 400',
  badvers:                          '505 505',
  mismatch01:                       '400 400',
  mismatch02:                       '400 400',
  bigcode:                          '-', // a response
  badbranch:                        '401 200', // as RFC 2543 had it
  insuf:                            '- -', // nothing to answer with
  unkscm:                           '401 416',
  novelsc:                          '401 416',
  unksm2:                           '401 403', // not his address, whatever its scheme
  bext01:                           '401 420',
  invut:                            '407 404', // the type is for the phone; another host
  regaut01:                         '401 401',
  multi01:                          '400 400',
  mcl01:                            '400 400',
  bcast:                            '-', // a response
  zeromf:                           '401 200', // for us, not to be sent on
  cparam01:                         '401 403', // not his address
  cparam02:                         '401 403', // not his address
  regescrt:                         '401 403', // not his address
  sdp01:                            '407 404', // another host
  inv2543:                          '407 404', // another host
  test:                             '- -', // no SIP: it names no version
  'ipv6-good':                      '401 403', // not his address
  'ipv6-bad':                       '400 400',
  'port-ambiguous':                 '401 403', // not his address
  'port-unambiguous':               '401 403', // not his address
  'via-received-param-with-delim':  '407 481', // no such dialog
  'via-received-param-no-delim':    '401 200',
  'ipv6-in-sdp':                    '407 404', // another host
  'mult-ip-in-header':              '407 481', // no such dialog
  'mult-ip-in-sdp':                 '407 404', // another host
  'ipv4-mapped-ipv6':               '407 404', // another host
  'ipv6-bug-abnf-3-colons':         '401 200',
  'ipv6-correct-abnf-2-colons':     '401 200',
};
