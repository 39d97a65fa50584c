/**
 * Who stands at the door: reads the proof of an upgrade request. One answer for
 * every reason to refuse, and the same work for an agent that nobody knows.
 */

import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Agent } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import { type Binding, exporter, isRightProof, type Proof, parseProof } from '#protocol/tunnel/proof.ts';
import type { SocketKind } from '#protocol/tunnel/version.ts';
import { readPublicKey } from './enrolment.ts';
import type { Nonces } from './nonces.ts';

export type Authenticate = (request: IncomingMessage, kind: SocketKind) => Agent | undefined;

export function createAuthentication({ store, nonces }: { store: Store; nonces: Nonces }): Authenticate {
  const nobody = generateKeyPairSync('ed25519').publicKey;

  return (request, kind) => {
    const proof = parseProof(request.headers.authorization ?? '');
    const binding = proof && bindingOf(request, proof, nonces);
    if (proof === undefined || binding === undefined) return undefined;
    const agent = store.get('agents', proof.agent);
    const isKnown = agent !== undefined && agent.revokedAt === undefined;
    const isRight = isRightProof(proof, kind, binding, isKnown ? readPublicKey(agent.publicKey) : nobody);
    return isRight && isKnown ? agent : undefined;
  };
}

/** Over our own TLS only its exporter counts; where TLS ends before us there is none, and a nonce must do. */
function bindingOf({ socket }: IncomingMessage, proof: Proof, nonces: Nonces): Binding | undefined {
  if (socket instanceof TLSSocket) {
    if (proof.over !== 'exporter') return undefined;
    const material = socket.exportKeyingMaterial(exporter.bytes, exporter.label, exporter.context);
    return { type: 'exporter', material };
  }
  if (proof.over !== 'nonce' || !nonces.use(proof.nonce)) return undefined;
  return { type: 'nonce', nonce: proof.nonce };
}
