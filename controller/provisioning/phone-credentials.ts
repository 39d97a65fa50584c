/**
 * What a phone shows besides the token in its path, when it shows anything: HTTP
 * Basic (RFC 7617) or Digest (RFC 7616) with the device's own credential, the one
 * it registers with. A phone that shows nothing is judged by token, site and MAC alone.
 *
 *     none                              as before
 *     right                             served
 *     another name or password          the 404 of every refusal
 *     Digest with a nonce not of ours,
 *     or an old one                     401 with a new one, in the phone's own algorithm
 *
 * Nonces are signed times. That one is used twice is not looked for: who can
 * read a phone's requests has its token, and that alone opens the file.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Keys } from '#controller/keys.ts';
import type { Device } from '#controller/model/model.ts';
import type { RelayedRequest } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import {
  type Credentials,
  formatChallenge,
  isRightResponse,
  parseCredentials,
} from '#protocol/sip/digest.ts';

export type Verdict = 'none' | 'right' | 'wrong' | { challenge: string };

export type PhoneCredentials = { judge(request: Asked, device: Device): Verdict };

type Asked = Pick<RelayedRequest, 'method' | 'path' | 'headers'>;

const realm = 'hotdesk';
const lifeMs = 300_000;
const timeBytes = 6;
const macBytes = 12;

export function createPhoneCredentials({
  keys,
  clock,
}: {
  keys: Pick<Keys, 'sipSecret' | 'nonce'>;
  clock: Pick<Clock, 'wall'>;
}): PhoneCredentials {
  const sign = (time: Buffer, device: string) =>
    createHmac('sha256', keys.nonce).update(`http ${device} `).update(time).digest().subarray(0, macBytes);

  function issue(device: string): string {
    const time = Buffer.alloc(timeBytes);
    time.writeUIntBE(clock.wall(), 0, timeBytes);
    return Buffer.concat([time, sign(time, device)]).toString('base64url');
  }

  function isOurs(nonce: string, device: string): boolean {
    const bytes = Buffer.from(nonce.slice(0, 64), 'base64url');
    if (bytes.length !== timeBytes + macBytes) return false;
    const time = bytes.subarray(0, timeBytes);
    if (!timingSafeEqual(bytes.subarray(timeBytes), sign(time, device))) return false;
    const age = clock.wall() - time.readUIntBE(0, timeBytes);
    return age >= 0 && age < lifeMs;
  }

  /** In a change-over the phone may have either. */
  const secretsOf = ({ id, generation, confirmedGeneration }: Device) =>
    [...new Set([generation, confirmedGeneration || generation])].map((each) => keys.sipSecret(id, each));

  function judgeBasic(encoded: string, device: Device): Verdict {
    const text = Buffer.from(encoded, 'base64').toString();
    const secrets = secretsOf(device);
    return secrets.some((secret) => isSame(text, `${device.id}:${secret}`)) ? 'right' : 'wrong';
  }

  function judgeDigest(header: string, { method, path }: Asked, device: Device): Verdict {
    const credentials = readDigest(header);
    if (credentials === undefined || credentials.username !== device.id) return 'wrong';
    const { algorithm, nonce, uri } = credentials;
    if (credentials.realm !== realm || !isOurs(nonce, device.id)) {
      const fresh = { realm, nonce: issue(device.id), algorithm, qop: 'auth', stale: true };
      return { challenge: formatChallenge(fresh) };
    }
    // Some clients hash the whole URL; whichever name of ours is in it.
    if (uri.replace(/^https?:\/\/[^/]*/i, '') !== path) return 'wrong';
    const isRight = secretsOf(device).some((password) => isRightResponse(credentials, { method, password }));
    return isRight ? 'right' : 'wrong';
  }

  return {
    judge(request, device) {
      const header = request.headers.authorization;
      if (header === undefined) return 'none';
      const [, scheme = '', rest = ''] = /^([A-Za-z]{1,16}) +(.+)$/.exec(header) ?? [];
      if (scheme.toLowerCase() === 'basic') return judgeBasic(rest, device);
      return scheme.toLowerCase() === 'digest' ? judgeDigest(header, request, device) : 'wrong';
    },
  };
}

function isSame(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Undefined: not understood, or in an algorithm that we do not have. */
function readDigest(header: string): Credentials | undefined {
  try {
    return parseCredentials(header);
  } catch (error) {
    if (Fault.is(error)) return undefined;
    throw error;
  }
}
