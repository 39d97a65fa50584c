/**
 * The agent's TLS certificate, signed by its site's CA, which is the
 * controller's. The key is made here, lives in memory and goes nowhere.
 *
 *     first phone by TLS    make a key, ask          `tlsKey` in our status
 *     controller restarted  ask again                its CA may be another
 *     `renewMs` before end  make a new key, ask      the old one serves until the answer
 *
 * RSA, as old desk phones know nothing else.
 */

import { generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import type { Credentials } from '#agent/tls-door.ts';
import type { Log } from '#agent/tunnel.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';

export type CertificateOptions = {
  clock: Clock;
  log: Log;
  /** Sends our status, with `tlsKey` in it. */
  ask(): void;
  /** How long before its end a certificate is renewed. */
  renewMs?: number;
};

export type Certificate = {
  /** Base64 SPKI that a certificate is wanted for; undefined until a phone came by TLS. */
  readonly key: string | undefined;
  /** Resolves when there is one, at once when there was. Rejects with `unavailable`. */
  credentials(): Promise<Credentials>;
  /** What the controller signed: the certificate and its CA, PEM. */
  signed(chain: string): void;
  close(): void;
};

const makeKeyPair = promisify(generateKeyPair);
/** No phone waits longer (see ./connections.ts). */
const patienceMs = 30_000;
/** Below what a timer can hold, which is 24 days. */
const lookMs = 6 * 3_600_000;
/** One that the controller has not answered is asked for again. */
const askAgainMs = 5_000;

type Waiting = { resolve(credentials: Credentials): void; reject(fault: Fault): void; cancel(): void };

export function createCertificate({
  clock,
  log,
  ask,
  renewMs = 30 * 86_400_000,
}: CertificateOptions): Certificate {
  let wanted: { privateKey: KeyObject; spki: string } | undefined;
  let isMaking = false;
  let current: { credentials: Credentials; endsAt: number } | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let cancelLook = () => {};
  let isClosed = false;
  const waiting = new Set<Waiting>();

  /** Never rejects: who waits for it is told in time. */
  async function makeKey(): Promise<void> {
    try {
      const { privateKey, publicKey } = await makeKeyPair('rsa', { modulusLength: 2_048 });
      if (isClosed) return;
      wanted = { privateKey, spki: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') };
      askNow();
    } catch (err) {
      log.error({ err }, 'no key for TLS');
    } finally {
      isMaking = false;
    }
  }

  function askNow(): void {
    askedAt = clock.now();
    ask();
  }

  function want(): void {
    if (wanted !== undefined) {
      if (clock.now() - askedAt > askAgainMs) askNow();
    } else if (!isMaking) {
      isMaking = true;
      void makeKey();
    }
  }

  function look(): void {
    cancelLook = clock.after(lookMs, look);
    if (current === undefined || current.endsAt - clock.wall() > renewMs) return;
    wanted = undefined;
    want();
  }

  return {
    get key() {
      return wanted?.spki;
    },

    credentials() {
      if (current !== undefined && current.endsAt > clock.wall()) return Promise.resolve(current.credentials);
      want();
      return new Promise((resolve, reject) => {
        const entry: Waiting = {
          resolve,
          reject,
          cancel: clock.after(patienceMs, () => {
            waiting.delete(entry);
            reject(new Fault('unavailable', 'no TLS certificate was signed'));
          }),
        };
        waiting.add(entry);
      });
    },

    signed(chain) {
      if (wanted === undefined || isClosed) return;
      try {
        const certificate = new X509Certificate(chain);
        if (!certificate.checkPrivateKey(wanted.privateKey)) throw new Error('it is for another key');
        const key = wanted.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
        current = { credentials: { key, cert: chain }, endsAt: Date.parse(certificate.validTo) };
      } catch (err) {
        log.error({ err }, 'certificate of the controller is of no use');
        return;
      }
      log.info({ until: new Date(current.endsAt).toISOString() }, 'TLS certificate');
      cancelLook();
      cancelLook = clock.after(lookMs, look);
      for (const { resolve, cancel } of waiting) {
        cancel();
        resolve(current.credentials);
      }
      waiting.clear();
    },

    close() {
      isClosed = true;
      cancelLook();
      for (const { reject, cancel } of waiting) {
        cancel();
        reject(new Fault('unavailable', 'the agent stops'));
      }
      waiting.clear();
    },
  };
}
