/**
 * PINs: hashed slowly, and compared so that every answer takes the same time.
 *
 *     scrypt:16384:salt:hash      N, then base64url; what a user document keeps
 *
 * A PIN has few digits, so a stolen store could be searched for all of them:
 * what is hashed is HMAC(pepper, PIN), and the pepper is not in the store.
 * Each hash takes 16 MiB and tens of milliseconds of a core (passwords, which are
 * checked so as well, take more of both: `cost`); two at once leave
 * two of libuv's four threads to the disk, and a queue in front is bounded.
 */

import { createHmac, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { Fault } from '#protocol/fault.ts';

const pinCost = 16_384;
const saltBytes = 16;
const hashBytes = 32;

export type Scrypt = (
  password: Uint8Array,
  salt: Uint8Array,
  bytes: number,
  options: ScryptOptions,
) => Promise<Uint8Array>;

export type PinsOptions = {
  pepper: Uint8Array;
  /** N of scrypt, a power of two. */
  cost?: number;
  atOnce?: number;
  maxWaiting?: number;
  scrypt?: Scrypt;
};

export class Pins {
  readonly #pepper: Uint8Array;
  readonly #cost: number;
  readonly #atOnce: number;
  readonly #maxWaiting: number;
  readonly #scrypt: Scrypt;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ pepper, cost = pinCost, atOnce = 2, maxWaiting = 64, scrypt = nodeScrypt }: PinsOptions) {
    this.#pepper = pepper;
    this.#cost = cost;
    this.#atOnce = atOnce;
    this.#maxWaiting = maxWaiting;
    this.#scrypt = scrypt;
  }

  /** Throws `limit.reached` when too many wait already. */
  async hash(pin: string): Promise<string> {
    const salt = randomBytes(saltBytes);
    const hash = await this.#derive(pin, salt);
    return ['scrypt', this.#cost, salt.toString('base64url'), Buffer.from(hash).toString('base64url')].join(
      ':',
    );
  }

  /**
   * Without a hash (nobody has that extension, or no PIN) it works as long, and
   * answers no. Throws `limit.reached` when too many wait already.
   */
  async isRight(pin: string, kept: string | undefined): Promise<boolean> {
    const { salt, hash } = parseKept(kept, this.#cost) ?? nobody;
    const derived = await this.#derive(pin, salt);
    return timingSafeEqual(derived, hash) && hash !== nobody.hash;
  }

  async #derive(pin: string, salt: Uint8Array): Promise<Uint8Array> {
    const password = createHmac('sha256', this.#pepper).update(pin).digest();
    await this.#enter();
    try {
      return await this.#scrypt(password, salt, hashBytes, {
        N: this.#cost,
        r: 8,
        p: 1,
        maxmem: 256 * 8 * this.#cost,
      });
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#atOnce) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= this.#maxWaiting) {
      throw new Fault('limit.reached', 'too many PINs wait to be checked');
    }
    await new Promise<void>((go) => this.#waiting.push(go));
  }

  /** The place goes straight to who waits longest, so that nobody can slip in between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}

type Kept = { salt: Uint8Array; hash: Uint8Array };

/** Stands in for a user who is not there. Nothing hashes to it: its identity is compared too. */
const nobody: Kept = { salt: new Uint8Array(saltBytes), hash: new Uint8Array(hashBytes) };

function parseKept(kept: string | undefined, cost: number): Kept | undefined {
  const [kind, n, salt = '', hash = ''] = (kept ?? '').split(':');
  const parsed = { salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') };
  return kind === 'scrypt' && n === String(cost) && parsed.hash.length === hashBytes ? parsed : undefined;
}

const nodeScrypt: Scrypt = (password, salt, bytes, options) =>
  new Promise((resolve, reject) => {
    scrypt(password, salt, bytes, options, (error, hash) => (error === null ? resolve(hash) : reject(error)));
  });
