/**
 * The certificate authority of each site: phones of a site trust it, and it
 * signs nothing but the site's agents. Made when it is first needed, kept in
 * the data folder outside the store, so that no copy of the store holds it.
 *
 *     site-ca/<site>.key      RSA, as old desk phones know nothing else
 *     site-ca/<site>.crt      made anew for the same key in its last year
 *
 * An agent asks through its tunnel, which is proof enough of who it is; its
 * certificate names the addresses at which it says it takes TLS. What one
 * agent may claim is thereby what the phones of its own site will believe.
 */

import 'reflect-metadata'; // as in ./certificate.ts
import { createPublicKey, generateKeyPair, randomBytes, webcrypto } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { keepFile, readOrMake } from './key-file.ts';

export type Signing = {
  site: string;
  /** Base64 SPKI. */
  tlsKey: string;
  /** IP addresses. */
  addresses: readonly string[];
};

export type SiteCas = {
  /** PEM. Throws `store.corrupt` where the key's file is no key. */
  certificateOf(site: string): Promise<string>;
  /** PEM, the agent's certificate and then the CA's. Throws `input.invalid` for a key we do not sign. */
  sign(signing: Signing): Promise<string>;
};

type Authority = { certificate: X509Certificate; key: webcrypto.CryptoKey };

const dayMs = 86_400_000;
/** Ends before 2038, after which a phone with 32-bit time would not believe it. */
const caMs = 10 * 365 * dayMs;
const caRenewMs = 365 * dayMs;
const agentMs = 90 * dayMs;
/** Backdated for phones whose clock is slow. */
const backMs = 7 * dayMs;
const minModulusBits = 2_048;
const maxModulusBits = 4_096;
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const { subtle } = webcrypto;
const makeKeyPair = promisify(generateKeyPair);

export function createSiteCas({ folder, clock }: { folder: string; clock: Clock }): SiteCas {
  const authorities = new Map<string, Promise<Authority>>();

  async function open(site: string): Promise<Authority> {
    const at = join(folder, 'site-ca');
    await mkdir(at, { recursive: true, mode: 0o700 });
    const keyFile = join(at, `${site}.key`);
    const certificateFile = join(at, `${site}.crt`);
    const keys = await readKeys(await readOrMake(keyFile, makeKey), keyFile);
    const make = async () => (await selfSign(site, keys, clock.wall())).toString('pem');
    const kept = read(await readOrMake(certificateFile, make));
    if (kept !== undefined && kept.notAfter.getTime() - clock.wall() > caRenewMs && (await isOf(kept, keys)))
      return { certificate: kept, key: keys.privateKey };
    const certificate = await make();
    await keepFile(certificateFile, certificate);
    return { certificate: new X509Certificate(certificate), key: keys.privateKey };
  }

  /** Of all who ask at once the first opens it. One that failed is tried again. */
  function authorityOf(site: string): Promise<Authority> {
    const opened = authorities.get(site) ?? open(site);
    authorities.set(site, opened);
    opened.catch(() => authorities.delete(site));
    return opened;
  }

  return {
    certificateOf: async (site) => (await authorityOf(site)).certificate.toString('pem'),

    async sign({ site, tlsKey, addresses }) {
      const publicKey = await readPublicKey(tlsKey);
      const { certificate: ca, key } = await authorityOf(site);
      const certificate = await X509CertificateGenerator.create({
        serialNumber: serial(),
        // What a phone compares that looks at no alternative names.
        subject: `CN=${addresses[0] ?? site}`,
        issuer: ca.subject,
        notBefore: new Date(clock.wall() - backMs),
        notAfter: new Date(clock.wall() + agentMs),
        signingAlgorithm: algorithm,
        publicKey,
        signingKey: key,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
          new SubjectAlternativeNameExtension(addresses.map((value) => ({ type: 'ip', value }))),
          await AuthorityKeyIdentifierExtension.create(ca.publicKey, false, webcrypto),
        ],
      });
      return `${certificate.toString('pem')}\n${ca.toString('pem')}\n`;
    },
  };
}

async function makeKey(): Promise<string> {
  const { privateKey } = await makeKeyPair('rsa', { modulusLength: 2_048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

type Keys = { privateKey: webcrypto.CryptoKey; publicKey: webcrypto.CryptoKey };

async function readKeys(pem: string, file: string): Promise<Keys> {
  try {
    const publicKey = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    const pkcs8 = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    return {
      privateKey: await subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']),
      publicKey: await subtle.importKey('spki', publicKey, algorithm, true, ['verify']),
    };
  } catch (cause) {
    throw new Fault('store.corrupt', `${file} is not a private key`, { file }, { cause });
  }
}

async function selfSign(site: string, keys: Keys, now: number): Promise<X509Certificate> {
  return await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=hotdesk site ${site}`,
    notBefore: new Date(now - backMs),
    notAfter: new Date(now + caMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
    ],
  });
}

function read(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined; // no certificate at all: it is made anew
  }
}

async function isOf(certificate: X509Certificate, { publicKey }: Keys): Promise<boolean> {
  const spki = Buffer.from(await subtle.exportKey('spki', publicKey));
  return spki.equals(Buffer.from(certificate.publicKey.rawData));
}

/** What an agent sends is hostile until parsed: an RSA key of a size that costs us little. */
async function readPublicKey(tlsKey: string): Promise<webcrypto.CryptoKey> {
  try {
    const der = Buffer.from(tlsKey, 'base64');
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
    if (key.asymmetricKeyType !== 'rsa') throw new Error('not RSA');
    if (modulusLength < minModulusBits || modulusLength > maxModulusBits) throw new Error('modulus');
    return await subtle.importKey('spki', der, algorithm, true, ['verify']);
  } catch (cause) {
    throw new Fault('input.invalid', 'tlsKey: not an RSA key that is signed', { field: 'tlsKey' }, { cause });
  }
}

/** Positive, 127 bits (RFC 5280 4.1.2.2). */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
