/**
 * The controller's TLS key and self-signed certificate, made on first start.
 * Agents trust the pin, which is the SHA-256 of the public key (its SPKI), and
 * neither name nor date. A second key waits for the day the first is replaced:
 * agents learn its pin while they still trust the first.
 *
 *     tls.key  tls.crt      in use
 *     tls-next.key          next: move it to tls.key, remove tls.crt, start again
 */

import 'reflect-metadata'; // before @peculiar/x509, whose injection container asks for it
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  webcrypto,
} from 'node:crypto';
import { join } from 'node:path';
import { type Extension, X509CertificateGenerator } from '@peculiar/x509';
import { Fault } from '#protocol/fault.ts';
import { keepFile, readOrMake } from './key-file.ts';

export type Identity = { key: string; certificate: string; pin: string; nextPin: string };

/** Reads, or makes and keeps, both keys and the certificate. Throws `store.corrupt` naming a file that is no key. */
export async function openIdentity(folder: string): Promise<Identity> {
  const key = await readOrMake(join(folder, 'tls.key'), makeKey);
  const privateKey = readKey(key, join(folder, 'tls.key'));
  const pin = pinOf(privateKey);
  let certificate = await readOrMake(join(folder, 'tls.crt'), () => selfSign(privateKey));
  if (!isFor(certificate, pin)) {
    // The key was replaced, as in a rotation.
    certificate = await selfSign(privateKey);
    await keepFile(join(folder, 'tls.crt'), certificate);
  }
  const next = join(folder, 'tls-next.key');
  return { key, certificate, pin, nextPin: pinOf(readKey(await readOrMake(next, makeKey), next)) };
}

/** base64url SHA-256 of the SPKI. */
export function pinOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

export const makeKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

export function readKey(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new Fault('store.corrupt', `${file} is not a private key`, { file }, { cause });
  }
}

function isFor(certificate: string, pin: string): boolean {
  try {
    return pinOf(createPublicKey(certificate)) === pin;
  } catch {
    return false; // no certificate at all
  }
}

type Signing = { name: string; notAfter: Date; extensions?: Extension[] };

/** RFC 5280 4.1.2.5 for an end that never comes. */
const forAgents: Signing = { name: 'CN=hotdesk controller', notAfter: new Date('9999-12-31T23:59:59Z') };

export async function selfSign(privateKey: KeyObject, signing = forAgents): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const { subtle } = webcrypto;
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...signing,
    // Backdated by a day for small computers whose clock is slow.
    notBefore: new Date(Date.now() - 86_400_000),
    signingAlgorithm: algorithm,
    keys: {
      privateKey: await subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']),
      publicKey: await subtle.importKey('spki', spki, algorithm, true, ['verify']),
    },
  });
  return certificate.toString('pem');
}
