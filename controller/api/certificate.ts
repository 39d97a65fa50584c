/**
 * The certificate that the page and the API show: files that an admin gives, or
 * one that was made here. Files are looked at again while it runs, so that who
 * renews them (ACME) restarts nothing.
 */

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';

export type Pair = { readonly cert: string; readonly key: string };

export interface Certificate {
  readonly current: Pair;
  /** The first name that it is for; undefined when it has none that a browser could be given. */
  readonly name: string | undefined;
  isFor(name: string): boolean;
  /** Told of each that comes in its place. */
  watch(listener: (pair: Pair) => void): void;
  /** At once, and not in a while. */
  lookAgain(): Promise<void>;
  close(): void;
}

const lookAgainMs = 30_000;

export type CertificateOptions = {
  files: { cert: string; key: string };
  clock: Clock;
  log: Record<'info' | 'error', (facts: object, message: string) => void>;
};

/** Throws `input.invalid` naming the file that cannot be used. */
export async function openCertificate({ files, clock, log }: CertificateOptions): Promise<Certificate> {
  const listeners = new Set<(pair: Pair) => void>();
  let current = await readPair(files);
  let shown = new X509Certificate(current.cert);
  let cancel = () => {};
  let isClosed = false;

  async function lookAgain(): Promise<void> {
    try {
      const pair = await readPair(files);
      if (pair.cert !== current.cert || pair.key !== current.key) {
        current = pair;
        shown = new X509Certificate(pair.cert);
        for (const listener of listeners) listener(pair);
        log.info({ file: files.cert, validTo: shown.validTo }, 'the API has a new certificate');
      }
    } catch (err) {
      // Half of a pair, perhaps: the old one goes on.
      log.error({ err, file: files.cert }, 'cannot use the new certificate');
    }
    cancel();
    if (!isClosed) cancel = clock.after(lookAgainMs, lookAgainLater);
  }

  function lookAgainLater(): void {
    void lookAgain();
  }

  cancel = clock.after(lookAgainMs, lookAgainLater);
  return {
    get current() {
      return current;
    },
    get name() {
      return /(?:^|, )DNS:([^,*]+)(?:,|$)/.exec(shown.subjectAltName ?? '')?.[1];
    },
    isFor: (name) => (isIP(name) === 0 ? shown.checkHost(name) : shown.checkIP(name)) !== undefined,
    watch: (listener) => listeners.add(listener),
    lookAgain,
    close() {
      isClosed = true;
      cancel();
    },
  };
}

async function readPair(files: { cert: string; key: string }): Promise<Pair> {
  const [cert, key] = await Promise.all([read(files.cert), read(files.key)]);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const { message } = cause as Error;
    const text = `${files.cert} and ${files.key} are no certificate and its key: ${message}`;
    throw new Fault('input.invalid', text, { field: 'api-cert', file: files.cert }, { cause });
  }
  return { cert, key };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Fault('input.invalid', `${file} cannot be read`, { field: 'api-cert', file }, { cause });
  }
}
