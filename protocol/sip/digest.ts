/**
 * Digest access authentication for SIP (RFC 3261 22, RFC 7616, SHA-256 by
 * RFC 8760), without state: nonces and their age, `nc` and who may use which
 * digest are the registrar's.
 *
 * A quoted string is hashed as it stands between its quotes, backslashes
 * included (`unq` of RFC 7616 3.4.1), so it is kept that way here too; what we
 * put into one ourselves must need no escaping.
 */

import { hash, timingSafeEqual } from 'node:crypto';
import { Fault } from '#protocol/fault.ts';
import { code, encodeText, malformed, quotedEnd, skipSpace, tokenEnd } from './scan.ts';

export type Algorithm = 'MD5' | 'SHA-256';

export type Challenge = {
  realm: string;
  nonce: string;
  /** Absent: MD5, and not written. */
  algorithm?: Algorithm;
  /** What is offered, as `auth` or `auth,auth-int`. */
  qop?: string;
  opaque?: string;
  stale?: boolean;
};

export type Credentials = {
  username: string;
  realm: string;
  nonce: string;
  uri: string;
  response: string;
  algorithm: Algorithm;
  cnonce?: string;
  /** The eight hex digits as sent; `Number.parseInt(nc, 16)` counts. */
  nc?: string;
  qop?: string;
  opaque?: string;
};

/** Throws `sip.malformed`; `auth.refused` for another scheme or an algorithm we do not have. */
export function parseChallenge(text: string): Challenge {
  const fields = parseFields(text);
  const challenge: Challenge = { realm: required(fields, 'realm'), nonce: required(fields, 'nonce') };
  const algorithm = fields.get('algorithm');
  if (algorithm !== undefined) challenge.algorithm = toAlgorithm(algorithm);
  const qop = fields.get('qop');
  if (qop !== undefined) challenge.qop = qop;
  const opaque = fields.get('opaque');
  if (opaque !== undefined) challenge.opaque = opaque;
  if (fields.has('stale')) challenge.stale = fields.get('stale')?.toLowerCase() === 'true';
  return challenge;
}

/** The strongest of several that we can answer (RFC 8760 2.4: the first of equals); undefined when there is none. */
export function chooseChallenge(texts: readonly string[]): Challenge | undefined {
  let chosen: Challenge | undefined;
  for (const text of texts) {
    const challenge = parsed(text);
    if (challenge === undefined || !(challenge.qop === undefined || offersAuth(challenge.qop))) continue;
    if (chosen === undefined || (challenge.algorithm === 'SHA-256' && chosen.algorithm !== 'SHA-256')) {
      chosen = challenge;
    }
  }
  return chosen;
}

function parsed(text: string): Challenge | undefined {
  try {
    return parseChallenge(text);
  } catch (error) {
    if (Fault.is(error)) return undefined; // another scheme, or broken: not one we can answer
    throw error;
  }
}

export function formatChallenge({ realm, nonce, algorithm, qop, opaque, stale }: Challenge): string {
  let text = `Digest realm=${quoted(realm)}, nonce=${quoted(nonce)}`;
  if (algorithm !== undefined) text += `, algorithm=${algorithm}`;
  if (qop !== undefined) text += `, qop=${quoted(qop)}`;
  if (opaque !== undefined) text += `, opaque=${quoted(opaque)}`;
  return stale === undefined ? text : `${text}, stale=${stale}`;
}

/** Authorization or Proxy-Authorization. Throws as `parseChallenge`; a parameter given twice is `sip.malformed`. */
export function parseCredentials(text: string): Credentials {
  const fields = parseFields(text);
  const credentials: Credentials = {
    username: required(fields, 'username'),
    realm: required(fields, 'realm'),
    nonce: required(fields, 'nonce'),
    uri: required(fields, 'uri'),
    response: required(fields, 'response'),
    algorithm: toAlgorithm(fields.get('algorithm') ?? 'MD5'),
  };
  const nc = fields.get('nc');
  if (nc !== undefined && !/^[0-9a-fA-F]{8}$/.test(nc.slice(0, 9)))
    throw malformed('nc is not eight hex digits');
  for (const name of ['cnonce', 'nc', 'qop', 'opaque'] as const) {
    const value = fields.get(name);
    if (value !== undefined) credentials[name] = value;
  }
  // RFC 7616 3.4: with qop both must be there.
  if (credentials.qop !== undefined && (nc === undefined || credentials.cnonce === undefined)) {
    throw malformed('qop without nc and cnonce');
  }
  return credentials;
}

export type Answer = {
  method: string;
  uri: string;
  username: string;
  password: string;
  cnonce: string;
  nc: number;
};

/**
 * The value of Authorization or Proxy-Authorization. `username` and `password`
 * are text, hashed as UTF-8. Throws `auth.refused` when only `auth-int` is offered.
 */
export function answerChallenge(challenge: Challenge, answer: Answer): string {
  const { realm, nonce, algorithm = 'MD5', opaque } = challenge;
  if (challenge.qop !== undefined && !offersAuth(challenge.qop)) {
    throw new Fault('auth.refused', 'the challenge offers no qop that we can answer');
  }
  const username = encodeText(answer.username);
  const { method, uri, cnonce } = answer;
  const proof: Proof = { username, realm, nonce, uri, algorithm };
  if (challenge.qop !== undefined) {
    proof.qop = 'auth';
    proof.nc = answer.nc.toString(16).padStart(8, '0');
    proof.cnonce = cnonce;
  }
  const response = responseOf(proof, method, hashSecret(proof, answer.password));

  let text = `Digest username=${quoted(username)}, realm=${quoted(realm)}, nonce=${quoted(nonce)}`;
  text += `, uri=${quoted(uri)}, response="${response}", algorithm=${algorithm}`;
  if (proof.qop !== undefined) text += `, qop=auth, nc=${proof.nc}, cnonce=${quoted(cnonce)}`;
  return opaque === undefined ? text : `${text}, opaque=${quoted(opaque)}`;
}

/**
 * Whether who sent the credentials knows the password: compared in constant
 * time. Does not look at realm, nonce or uri: those the caller must have checked.
 */
export function isRightResponse(
  credentials: Credentials,
  { method, password }: { method: string; password: string },
): boolean {
  return isRightFor(credentials, { method, secret: hashSecret(credentials, password) });
}

/** As `isRightResponse`, for who has kept `hashSecret` of the password. */
export function isRightFor(
  credentials: Credentials,
  { method, secret }: { method: string; secret: string },
): boolean {
  const { qop } = credentials;
  // auth-int covers the body, which nothing on a phone's way keeps whole; we never offer it.
  if (qop !== undefined && qop.toLowerCase() !== 'auth') return false;
  const right = Buffer.from(responseOf(credentials, method, secret), 'latin1');
  const given = Buffer.from(credentials.response.toLowerCase());
  return given.length === right.length && timingSafeEqual(given, right);
}

/** H(A1) of RFC 2617 3.2.2.2, in hex: all of an answer that the password is needed for. */
export function hashSecret(
  { username, realm, algorithm }: Pick<Credentials, 'username' | 'realm' | 'algorithm'>,
  password: string,
): string {
  return hashWire(algorithm, `${username}:${realm}:${encodeText(password)}`);
}

type Proof = Omit<Credentials, 'response' | 'opaque'>;

function responseOf(
  { nonce, uri, algorithm, qop, nc, cnonce }: Proof,
  method: string,
  secret: string,
): string {
  const what = hashWire(algorithm, `${method}:${uri}`);
  if (qop === undefined) return hashWire(algorithm, `${secret}:${nonce}:${what}`); // RFC 2069, as old phones still do
  return hashWire(algorithm, `${secret}:${nonce}:${nc}:${cnonce}:${qop}:${what}`);
}

/** What is ASCII, as nearly all is, is the same bytes as UTF-8, which a string is hashed as. */
const hashWire = (algorithm: Algorithm, wire: string) =>
  hash(hashNames[algorithm], isAscii(wire) ? wire : Buffer.from(wire, 'latin1'), 'hex');
const isAscii = (wire: string) => Buffer.byteLength(wire, 'utf8') === wire.length;

const hashNames = { MD5: 'md5', 'SHA-256': 'sha256' } as const;

const offersAuth = (qop: string) => qop.split(',', 8).some((each) => each.trim().toLowerCase() === 'auth');

function toAlgorithm(text: string): Algorithm {
  const algorithm = text.toUpperCase();
  if (algorithm === 'MD5' || algorithm === 'SHA-256') return algorithm;
  throw new Fault('auth.refused', 'digest algorithm not served');
}

function required(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name);
  if (value === undefined) throw malformed(`digest without ${name}`);
  return value;
}

const maxFields = 32;

/** `Digest name=value, name="value"`; quotes taken off, nothing unescaped. */
function parseFields(text: string): Map<string, string> {
  const schemeEnd = tokenEnd(text, 0);
  if (text.slice(0, schemeEnd).toLowerCase() !== 'digest') {
    throw new Fault('auth.refused', 'the authentication scheme is not Digest');
  }
  const fields = new Map<string, string>();
  for (let i = skipSpace(text, schemeEnd); i < text.length; ) i = takeField(text, i, fields);
  return fields;
}

/** The place of the next one. */
function takeField(text: string, at: number, fields: Map<string, string>): number {
  const nameEnd = tokenEnd(text, at);
  const name = text.slice(at, nameEnd).toLowerCase();
  const equals = skipSpace(text, nameEnd);
  if (name === '' || text.charCodeAt(equals) !== code.equals)
    throw malformed('digest parameter without name or value');
  if (fields.has(name)) throw malformed(`digest parameter ${name} twice`);
  if (fields.size === maxFields) throw malformed(`over ${maxFields} digest parameters`);

  const from = skipSpace(text, equals + 1);
  const isQuoted = text.charCodeAt(from) === code.quote;
  const to = isQuoted ? quotedEnd(text, from) : bareEnd(text, from);
  if (to <= from) throw malformed('digest parameter without end');
  fields.set(name, isQuoted ? text.slice(from + 1, to - 1) : text.slice(from, to));

  const comma = skipSpace(text, to);
  if (comma === text.length) return comma;
  if (text.charCodeAt(comma) !== code.comma) throw malformed('digest parameters without a comma between');
  const next = skipSpace(text, comma + 1);
  if (next === text.length) throw malformed('digest ends with a comma');
  return next;
}

/** Tokens by the grammar; some phones leave the quotes off a URI or a nonce in base64. */
function bareEnd(text: string, from: number): number {
  let i = from;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === code.comma || c === code.space || c === code.tab || c === code.quote) break;
  }
  return i;
}

/** The text must be one that the other side reads between quotes exactly as we hashed it. */
function quoted(text: string): string {
  if (quotedEnd(`"${text}"`, 0) !== text.length + 2) throw malformed('text cannot stand between quotes');
  return `"${text}"`;
}
