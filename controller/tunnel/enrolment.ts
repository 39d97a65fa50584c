/**
 * How an agent becomes known: an admin makes a one-time token for a site, the
 * agent spends it for its public key. Of the token only the SHA-256 is kept;
 * spent and agent are one commit, so a token makes one agent or none.
 */

import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { agent } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { formatEnrolToken } from '#protocol/tunnel/enrol-token.ts';

const lifeMs = 10 * 60_000;
/** Unspent tokens at a time; those that expired make room. */
const maxTokens = 1_000;

/** What POST /v1/enrol takes. */
export const enrolRequest = z.strictObject({
  secret: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  publicKey: agent.shape.publicKey,
});

/** `releaseKey`: whose signature the agent is to take on what it is upgraded with. */
export type EnrolAnswer = { agent: string; site: string; pins: string[]; releaseKey?: string };

export type Enrolment = {
  /** The printable token; throws `not.found`, `limit.reached`. */
  createToken(site: string): Promise<string>;
  /** Undefined for every reason to refuse. Throws `store.failed`. */
  enrol(body: unknown): Promise<EnrolAnswer | undefined>;
};

export function createEnrolment({
  store,
  clock,
  pins,
  releaseKey,
}: {
  store: Store;
  clock: Clock;
  pins: string[];
  releaseKey?: string | undefined;
}): Enrolment {
  async function createToken(site: string): Promise<string> {
    if (store.get('sites', site) === undefined) {
      throw new Fault('not.found', `no site ${site}`, { noun: 'site', id: site });
    }
    const now = clock.wall();
    const kept = store.list('enrolTokens');
    const over = kept.filter(({ expiresAt }) => expiresAt <= now);
    if (kept.length - over.length >= maxTokens) {
      throw new Fault('limit.reached', 'too many enrolment tokens are waiting to be spent', { maxTokens });
    }
    const secret = randomBytes(32).toString('base64url');
    await store.commit([
      ...over.map(({ id }) => ({ type: 'delete', collection: 'enrolTokens', id }) as const),
      {
        type: 'put',
        collection: 'enrolTokens',
        value: { id: hashOf(secret), site, expiresAt: now + lifeMs },
        expect: 'absent',
      },
    ]);
    return formatEnrolToken({ secret, pins });
  }

  async function enrol(body: unknown): Promise<EnrolAnswer | undefined> {
    const read = enrolRequest.safeParse(body);
    if (!read.success || !isPublicKey(read.data.publicKey)) return undefined;
    const token = store.get('enrolTokens', hashOf(read.data.secret));
    const now = clock.wall();
    if (token === undefined || token.spentAt !== undefined || token.expiresAt <= now) return undefined;
    if (store.get('sites', token.site) === undefined) return undefined;

    const id = randomBytes(8).toString('hex');
    const { revision, ...spent } = token;
    try {
      await store.commit([
        { type: 'put', collection: 'enrolTokens', value: { ...spent, spentAt: now }, expect: revision },
        {
          type: 'put',
          collection: 'agents',
          value: { id, site: token.site, publicKey: read.data.publicKey, enrolledAt: now },
          expect: 'absent',
        },
      ]);
    } catch (error) {
      if (Fault.is(error, 'conflict')) return undefined; // somebody else spent it meanwhile
      throw error;
    }
    return { agent: id, site: token.site, pins, ...(releaseKey !== undefined && { releaseKey }) };
  }

  return { createToken, enrol };
}

/** A raw Ed25519 key, as agents are kept. Throws when it is none. */
export function readPublicKey(raw: string) {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw }, format: 'jwk' });
}

function isPublicKey(raw: string): boolean {
  try {
    readPublicKey(raw);
    return true;
  } catch {
    return false; // 43 letters that are not 32 bytes
  }
}

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
