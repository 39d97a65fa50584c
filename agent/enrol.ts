/** Enrolment: makes this agent's key and spends a one-time token for it. */

import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import * as z from 'zod';
import { Fault } from '#protocol/fault.ts';
import { parseEnrolToken } from '#protocol/tunnel/enrol-token.ts';
import { releaseKey } from '#protocol/tunnel/release.ts';
import { paths } from '#protocol/tunnel/version.ts';
import { ask, type Way } from './dial.ts';
import type { AgentIdentity } from './identity.ts';

const answer = z.object({
  agent: z.string().regex(/^[0-9a-f]{16}$/),
  site: z.string().max(64),
  pins: z.array(z.string().regex(/^[A-Za-z0-9_-]{43}$/)).max(2),
  releaseKey: releaseKey.optional(),
});

export type EnrolOptions = Omit<Way, 'pins' | 'timeoutMs'> & { token: string };

/**
 * The identity is in memory only: keep it (./identity.ts), for the token is spent.
 * Rejects with `auth.refused` (spent, expired or unknown token: one answer),
 * `input.invalid`, `pin.mismatch`, `unavailable`, `forbidden`.
 */
export async function enrol({ token, ...given }: EnrolOptions): Promise<AgentIdentity> {
  const { controller } = given;
  const { secret, pins } = parseEnrolToken(token);
  const { privateKey } = generateKeyPairSync('ed25519');
  const publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
  const { status, text } = await ask(
    { ...given, pins },
    { method: 'POST', path: paths.enrol, body: { secret, publicKey } },
  );
  if (status === 401)
    throw new Fault('auth.refused', 'the token is not good: spent, too old, or of another controller');
  const read = status === 200 ? answer.safeParse(readJson(text)) : undefined;
  if (read?.success !== true)
    throw new Fault('unavailable', `${controller.host} answers like no controller`, { status });
  return { ...read.data, controller, privateKey };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema
  }
}
