/** A maker of phones: its CA, and the certificate that each phone leaves its factory with. */

import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { BasicConstraintsExtension, X509CertificateGenerator } from '@peculiar/x509';

export type PhoneIdentity = { cert: string; key: string /** As it goes through the tunnel. */; der: string };
export type Factory = { ca: string; makePhone(subject: string): Promise<PhoneIdentity> };

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** For clocks of tests, which stand in 1970, too. */
const valid = { notBefore: new Date(0), notAfter: new Date('2048-01-01') };

export async function openFactory(name = 'Phone Maker CA'): Promise<Factory> {
  const keys = await makeKeys();
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: '01', name: `CN=${name}`, signingAlgorithm: algorithm, keys },
    ...valid,
    extensions: [new BasicConstraintsExtension(true, 1, true)],
  });
  return {
    ca: ca.toString('pem'),
    async makePhone(subject) {
      const own = await makeKeys();
      const certificate = await X509CertificateGenerator.create({
        ...{ serialNumber: '02', subject, issuer: ca.subject, signingAlgorithm: algorithm },
        ...valid,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
      });
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey));
      const lines = pkcs8.toString('base64').replace(/.{64}/g, '$&\n');
      return {
        cert: certificate.toString('pem'),
        key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
        der: Buffer.from(certificate.rawData).toString('base64'),
      };
    },
  };
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}
