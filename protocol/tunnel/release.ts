/**
 * What a controller hands out to install and upgrade agents: a manifest that
 * names the files by hash, and a signature over its bytes.
 *
 *     manifest.json   one file a line, so that a shell without a JSON parser can read it
 *     manifest.sig    <public key> <signature>     base64url; Ed25519
 *
 * An agent learns the key at its enrolment, from the controller whose pin came
 * with the token, and takes no other one's signature from then on.
 */

import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import * as z from 'zod';
import { Fault } from '#protocol/fault.ts';

export const versionText = z.string().regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}(?:-[0-9A-Za-z.-]{1,32})?$/);

const releaseFile = z.object({
  path: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().min(1).max(200_000_000),
});
const manifestSchema = z.object({
  name: z.literal('hotdesk-agent'),
  version: versionText,
  files: z.array(releaseFile).min(1).max(16),
});

export type ReleaseFile = z.infer<typeof releaseFile>;
export type Manifest = z.infer<typeof manifestSchema>;

/** Of the agent itself, among the files. */
export const agentFile = 'agent.mjs';

/** Raw Ed25519 public key, base64url. */
export const releaseKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
export const maxManifestChars = 8_192;
export const releaseSignature = z.string().regex(/^[A-Za-z0-9_-]{43} [A-Za-z0-9_-]{86}$/);

export function formatManifest({ name, version, files }: Manifest): string {
  const lines = files.map(
    ({ path, sha256, size }) => `    {"path": "${path}", "sha256": "${sha256}", "size": ${size}}`,
  );
  return `{\n  "name": "${name}",\n  "version": "${version}",\n  "files": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

export function signManifest(text: string, privateKey: KeyObject): string {
  const key = createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
  return `${key} ${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
}

export const keyOf = (signature: string) => signature.split(' ')[0] ?? '';

/** Throws `auth.refused` for another key or a wrong signature, `input.invalid` for what is no manifest. */
export function readManifest(text: string, signature: string, trustedKey: string): Manifest {
  const [key = '', signed = ''] = signature.split(' ');
  if (key !== trustedKey) {
    throw new Fault('auth.refused', 'the release is signed by another key than the one told at enrolment');
  }
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key }, format: 'jwk' });
  if (!verify(null, Buffer.from(text), publicKey, Buffer.from(signed, 'base64url'))) {
    throw new Fault('auth.refused', 'the signature of the release is wrong');
  }
  const read = manifestSchema.safeParse(readJson(text));
  if (!read.success) {
    throw new Fault('input.invalid', 'the release has no manifest that can be read', { field: 'manifest' });
  }
  return read.data;
}

/** By the three numbers; a pre-release is before its release (semver.org 11), otherwise its letters decide nothing. */
export function isNewer(version: string, than: string): boolean {
  const [a, b] = [numbersOf(version), numbersOf(than)];
  for (const [index, number] of a.entries()) {
    const other = b[index] ?? 0;
    if (number !== other) return number > other;
  }
  return false;
}

function numbersOf(version: string): number[] {
  const [numbers = '', preRelease] = version.split('-', 2);
  return [...numbers.split('.').map(Number), preRelease === undefined ? 1 : 0];
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema
  }
}
