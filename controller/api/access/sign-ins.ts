/**
 * Who is signed in at the page: a cookie with 256 random bits, of which we keep
 * the hash. They end after 12 hours without a request, after 7 days anyway, when
 * they are ended, and with the password or PIN they began with. A restart of the
 * controller ends them all.
 */

import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '#protocol/clock.ts';

const hour = 3_600_000;
const idleMs = 12 * hour;
const longestMs = 7 * 24 * hour;
const maxAll = 5_000;
const maxEach = 20;

/** Somebody at the page: an account, or the user of an extension. */
export type Subject = { type: 'account' | 'user'; id: string };

type Kept = {
  subject: Subject;
  /** Hash of the password or PIN that was right. */
  proof: string;
  since: number;
  lastAt: number;
};

export class SignIns {
  readonly #clock: Clock;
  /** The least recently used first. */
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The cookie's value. */
  begin(subject: Subject, proof: string): string {
    const own = [...this.#kept].filter(([, kept]) => isOf(kept, subject)).map(([key]) => key);
    for (const key of own.slice(0, Math.max(0, own.length - maxEach + 1))) this.#kept.delete(key);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= maxAll && oldest !== undefined) this.#kept.delete(oldest);
    const token = randomBytes(32).toString('base64url');
    const now = this.#clock.now();
    this.#kept.set(hash(token), { subject, proof, since: now, lastAt: now });
    return token;
  }

  /** Undefined when it is none, or is over. `proofOf`: what would have to be right today. */
  find(token: string, proofOf: (subject: Subject) => string | undefined): Subject | undefined {
    const key = hash(token);
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    const now = this.#clock.now();
    const isOver = now - kept.lastAt >= idleMs || now - kept.since >= longestMs;
    if (isOver || proofOf(kept.subject) !== kept.proof) return undefined;
    kept.lastAt = now;
    this.#kept.set(key, kept);
    return kept.subject;
  }

  end(token: string): void {
    this.#kept.delete(hash(token));
  }

  endAllOf(subject: Subject): void {
    for (const [key, kept] of this.#kept) if (isOf(kept, subject)) this.#kept.delete(key);
  }

  get size(): number {
    return this.#kept.size;
  }
}

const isOf = ({ subject }: Kept, { type, id }: Subject) => subject.type === type && subject.id === id;

const hash = (token: string) => createHash('sha256').update(token).digest('base64');
