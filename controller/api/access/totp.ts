/**
 * The second factor of an account: codes of an authenticator app (RFC 6238, as
 * all of them know it: SHA-1, 6 digits, 30 s), or one of a few recovery codes.
 */

import { createHash, randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { Keys } from '#controller/keys.ts';
import type { Account } from '#controller/model/account.ts';

const stepMs = 30_000;
const recoveryCodes = 8;
/** Of RFC 4648's base32, without what is misread. */
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

type Totp = NonNullable<Account['totp']>;
type Seal = Pick<Keys, 'seal' | 'unseal'>;

const purpose = (name: string) => `account ${name}`;
const codeOf = (secret: string, label: string) =>
  new TOTP({ issuer: 'hotdesk', label, secret: Secret.fromBase32(secret) });

/** A secret that nobody has to show yet, and what an app is told. */
export function beginTotp(keys: Seal, name: string): { totp: Totp; secret: string; uri: string } {
  const secret = new Secret({ size: 20 }).base32;
  const sealed = keys.seal(purpose(name), secret);
  const totp: Totp = { secret: sealed, isConfirmed: false, lastStep: 0, recoveryHashes: [] };
  return { totp, secret, uri: codeOf(secret, name).toString() };
}

/** What is kept once the code was taken; undefined when it is wrong, or was taken before. */
export function takeCode(keys: Seal, name: string, totp: Totp, code: string, now: number): Totp | undefined {
  const typed = code.replaceAll(/[\s-]/g, '').toUpperCase();
  const { lastStep, recoveryHashes } = totp;
  if (/^\d{6}$/.test(typed)) {
    const secret = keys.unseal(purpose(name), totp.secret);
    const delta = secret && codeOf(secret, name).validate({ token: typed, timestamp: now, window: 1 });
    if (typeof delta !== 'number') return undefined;
    const step = Math.floor(now / stepMs) + delta;
    return step > lastStep ? { ...totp, lastStep: step } : undefined;
  }
  const hashed = hash(typed);
  if (!recoveryHashes.includes(hashed)) return undefined;
  return { ...totp, recoveryHashes: recoveryHashes.filter((each) => each !== hashed) };
}

/** Eight codes of 80 bits; what is kept of them is a hash. */
export function makeRecoveryCodes(): { codes: string[]; hashes: string[] } {
  const codes = Array.from({ length: recoveryCodes }, () =>
    [...randomBytes(16)].map((byte) => letters.charAt(byte % letters.length)).join(''),
  );
  return {
    codes: codes.map((code) => (code.match(/.{4}/g) ?? []).join('-')),
    hashes: codes.map(hash),
  };
}

const hash = (code: string) => createHash('sha256').update(code).digest('base64url');
