/**
 * The certificate that a phone may show when it asks by HTTPS: Yealink and Snom
 * put one of its own into each phone, with its MAC address in the subject. The agent asks for
 * one and takes none for an answer; that the phone has its key TLS has proven there.
 *
 *     no certificate                              as before
 *     a MAC in it that is not the device's        refused
 *     signed by one of the site's `phoneCas`      counted as verified
 *     by somebody else, or out of date            counted as unverified, and no reason for anything
 *
 * The vendors' CA certificates are theirs to give out: an admin adds them.
 */

import { X509Certificate } from 'node:crypto';
import { Fault } from '#protocol/fault.ts';
import { makersOf } from './makes.ts';

export type CertificateVerdict = 'none' | 'otherMac' | 'verified' | 'unverified';

const pemForm = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const maxCas = 32;

/** Throws `input.invalid`. */
export function readCas(pem: string): X509Certificate[] {
  const texts = pem.match(pemForm) ?? [];
  if (texts.length === 0 || texts.length > maxCas) throw wrong(`has to be 1 to ${maxCas} certificates (PEM)`);
  return texts.map((text, index) => {
    const read = parse(text);
    if (read === undefined) throw wrong(`certificate ${index + 1} cannot be read`);
    if (!read.ca) throw wrong(`certificate ${index + 1} (${read.subject.replaceAll('\n', ', ')}) is no CA`);
    return read;
  });
}

const wrong = (why: string) => new Fault('input.invalid', `phoneCas: ${why}`, { field: 'phoneCas' });

/** `certificate`: base64 DER. `cas`: PEM that `readCas` has taken. */
export function judgeCertificate(
  certificate: string | undefined,
  { mac, cas, now }: { mac: string; cas: string | undefined; now: number },
): CertificateVerdict {
  if (certificate === undefined) return 'none';
  const read = parse(Buffer.from(certificate, 'base64'));
  if (read === undefined) return 'unverified';
  if (macsIn(read.subject).some((each) => each !== mac)) return 'otherMac';
  if (now < Date.parse(read.validFrom) || now > Date.parse(read.validTo)) return 'unverified';
  const known = cas === undefined ? [] : readCas(cas);
  const isSigned = known.some((ca) => read.checkIssued(ca) && read.verify(ca.publicKey));
  return isSigned ? 'verified' : 'unverified';
}

/** Addresses of phones' makers only: twelve hexadecimal digits may be a serial number. */
export function macsIn(subject: string): string[] {
  const found = subject.match(/(?<![0-9a-f])(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}(?![0-9a-f])/gi) ?? [];
  return found
    .map((text) => text.replace(/[:-]/g, '').toLowerCase())
    .filter((mac) => makersOf(mac).length > 0);
}

function parse(bytes: string | Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch {
    return undefined; // what a phone shows may be anything
  }
}
