/**
 * Keys: everything secret that the controller knows, derived from one master key
 * that lives outside the store (a 0600 file, or a systemd credential). So the
 * store and its backups hold no secret that can be used.
 *
 *     master ─ HKDF ─┬─ sip      device + generation → the phone's digest secret
 *                    ├─ config   MAC → the token in its provisioning URL
 *                    ├─ pepper   into every PIN hash
 *                    ├─ flow     signs Record-Route
 *                    └─ nonce    signs digest nonces
 */

import { createHmac, hkdfSync } from 'node:crypto';

export type Keys = {
  /** 128 bits, hex: long enough that a sniffed digest cannot be searched. */
  sipSecret(device: string, generation: number): string;
  /** 128 bits, base64url. */
  configToken(mac: string): string;
  /** 128 bits, base64url: what opens the phone's own web page and menu. */
  phonePassword(mac: string): string;
  readonly pepper: Uint8Array;
  readonly flow: Uint8Array;
  readonly nonce: Uint8Array;
};

export function createKeys(master: Uint8Array): Keys {
  const derive = (name: string) => new Uint8Array(hkdfSync('sha256', master, '', `hotdesk ${name}`, 32));
  const sip = derive('sip');
  const config = derive('config');
  const phone = derive('phone');
  return {
    sipSecret: (device, generation) => mac128(sip, `${device} ${generation}`).toString('hex'),
    configToken: (mac) => mac128(config, mac).toString('base64url'),
    phonePassword: (mac) => mac128(phone, mac).toString('base64url'),
    pepper: derive('pepper'),
    flow: derive('flow'),
    nonce: derive('nonce'),
  };
}

const mac128 = (key: Uint8Array, text: string) =>
  createHmac('sha256', key).update(text).digest().subarray(0, 16);
