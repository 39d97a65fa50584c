/**
 * The proof that an agent has its key, carried by each upgrade request:
 *
 *     Authorization: Hotdesk agent=<id>,over=exporter,signature=<base64url>
 *     Authorization: Hotdesk agent=<id>,over=nonce,nonce=<text>,signature=<base64url>
 *
 * The Ed25519 signature is over label, kind of socket, agent and either the TLS
 * exporter (RFC 8446 7.5), which no other connection has, so a proof cannot be
 * replayed; or, where TLS ends at a proxy, a nonce of the controller's.
 */

import { type KeyObject, sign, verify } from 'node:crypto';
import type { SocketKind } from './version.ts';

/** For `exportKeyingMaterial`. */
export const exporter = { bytes: 32, label: 'EXPORTER-hotdesk-tunnel-v1', context: Buffer.alloc(0) } as const;

export type Binding = { type: 'exporter'; material: Uint8Array } | { type: 'nonce'; nonce: string };

export type Proof = { agent: string; over: 'exporter' | 'nonce'; nonce: string; signature: Uint8Array };

export function signProof(kind: SocketKind, agent: string, binding: Binding, privateKey: KeyObject): string {
  const signature = sign(null, statement(kind, agent, binding), privateKey).toString('base64url');
  const nonce = binding.type === 'nonce' ? `,nonce=${binding.nonce}` : '';
  return `Hotdesk agent=${agent},over=${binding.type}${nonce},signature=${signature}`;
}

export function parseProof(header: string): Proof | undefined {
  const match =
    /^Hotdesk agent=([0-9a-f]{16}),over=(exporter|nonce)(?:,nonce=([A-Za-z0-9._-]{1,128}))?,signature=([A-Za-z0-9_-]{86})$/.exec(
      header,
    );
  if (match === null) return undefined;
  const [, agent = '', over, nonce = '', signature = ''] = match;
  if ((over === 'nonce') !== (nonce !== '')) return undefined;
  return {
    agent,
    over: over === 'nonce' ? 'nonce' : 'exporter',
    nonce,
    signature: Buffer.from(signature, 'base64url'),
  };
}

export function isRightProof(
  proof: Proof,
  kind: SocketKind,
  binding: Binding,
  publicKey: KeyObject,
): boolean {
  return verify(null, statement(kind, proof.agent, binding), publicKey, proof.signature);
}

/** Each part's length before it, so that no two statements have the same bytes. */
function statement(kind: SocketKind, agent: string, binding: Binding): Uint8Array {
  const over = binding.type === 'exporter' ? binding.material : Buffer.from(binding.nonce);
  const parts = ['hotdesk tunnel v1', kind, agent, binding.type].map((part) => Buffer.from(part));
  return Buffer.concat(
    [...parts, over].flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  );
}
