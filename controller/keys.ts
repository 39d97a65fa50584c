/**
 * Keys: everything secret that the controller knows, derived from one master key
 * that lives outside the store (a 0600 file, or a systemd credential). So the
 * store and its backups hold no secret that can be used.
 *
 *     master ─ HKDF ─┬─ sip      device + generation → the phone's digest secret
 *                    ├─ config   MAC → the token in its provisioning URL
 *                    ├─ pepper   into every PIN hash
 *                    ├─ password into every hash of an account's password
 *                    ├─ flow     signs Record-Route
 *                    ├─ nonce    signs digest nonces
 *                    ├─ webhook  site → what signs the notices to its contacts
 *                    └─ upstream seals what a PBX wants to know: its passwords are not ours to derive
 */

import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

export type Keys = {
  /** 128 bits, hex: long enough that a sniffed digest cannot be searched. */
  sipSecret(device: string, generation: number): string;
  /** 128 bits, base64url. */
  configToken(mac: string): string;
  /** 128 bits, base64url: what opens the phone's own web page and menu. */
  phonePassword(mac: string): string;
  /** 128 bits, hex: a site's contacts know it too. */
  webhookSecret(site: string): string;
  readonly pepper: Uint8Array;
  readonly passwordPepper: Uint8Array;
  readonly flow: Uint8Array;
  readonly nonce: Uint8Array;
  /** AES-256-GCM, base64url. `purpose` is bound into it: sealed for one document it opens in no other. */
  seal(purpose: string, secret: string): string;
  /** Undefined: sealed for something else, with another master key, or not as it was. */
  unseal(purpose: string, sealed: string): string | undefined;
};

export function createKeys(master: Uint8Array): Keys {
  const derive = (name: string) => new Uint8Array(hkdfSync('sha256', master, '', `hotdesk ${name}`, 32));
  const sip = derive('sip');
  const config = derive('config');
  const phone = derive('phone');
  const webhook = derive('webhook');
  return {
    sipSecret: (device, generation) => mac128(sip, `${device} ${generation}`).toString('hex'),
    configToken: (mac) => mac128(config, mac).toString('base64url'),
    phonePassword: (mac) => mac128(phone, mac).toString('base64url'),
    webhookSecret: (site) => mac128(webhook, site).toString('hex'),
    pepper: derive('pepper'),
    passwordPepper: derive('password'),
    flow: derive('flow'),
    nonce: derive('nonce'),
    ...createSeal(derive('upstream')),
  };
}

const sealName = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/** iv ‖ ciphertext ‖ tag. A fresh random iv each time: the few secrets sealed in a life are far from its bound. */
function createSeal(key: Uint8Array): Pick<Keys, 'seal' | 'unseal'> {
  return {
    seal(purpose, secret) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(sealName, key, iv).setAAD(Buffer.from(purpose));
      return Buffer.concat([iv, cipher.update(secret), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      );
    },
    unseal(purpose, sealed) {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < ivBytes + tagBytes) return undefined;
      const opening = createDecipheriv(sealName, key, bytes.subarray(0, ivBytes), {
        authTagLength: tagBytes,
      }).setAAD(Buffer.from(purpose));
      opening.setAuthTag(bytes.subarray(-tagBytes));
      try {
        return opening.update(bytes.subarray(ivBytes, -tagBytes), undefined, 'utf8') + opening.final('utf8');
      } catch {
        return undefined; // the tag does not fit: that is the answer
      }
    },
  };
}

const mac128 = (key: Uint8Array, text: string) =>
  createHmac('sha256', key).update(text).digest().subarray(0, 16);
