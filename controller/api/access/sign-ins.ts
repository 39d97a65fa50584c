/**
 * Who is signed in at the page: a cookie with 256 random bits, of which the
 * store keeps the hash, so that a restart of the controller signs nobody out.
 * They end after 12 hours without a request, after 7 days anyway, when they are
 * ended, and with the password or PIN they began with. No backup has them.
 */

import { createHash, randomBytes } from 'node:crypto';
import type { SignIn } from '#controller/model/account.ts';
import type { Change, Kept, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';

const minute = 60_000;
const hour = 60 * minute;
const idleMs = 12 * hour;
const longestMs = 7 * 24 * hour;
/** A request after less than that is not worth a line in the journal. */
const noteMs = 5 * minute;
const maxEach = 20;

/** Somebody at the page: an account, or the user of an extension. */
export type Subject = SignIn['subject'];

/** What would have to be right today: the hash of a password or PIN. */
export type ProofOf = (subject: Subject) => string | undefined;

export type SignInsOptions = { store: Store; clock: Clock; proofOf: ProofOf; maxAll?: number };

export class SignIns {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #proofOf: ProofOf;
  readonly #maxAll: number;

  constructor({ store, clock, proofOf, maxAll = 5_000 }: SignInsOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#proofOf = proofOf;
    this.#maxAll = maxAll;
  }

  /** The cookie's value; `proof`: the hash of what was right. On disk when it resolves. */
  async begin(subject: Subject, proof: string): Promise<string> {
    const kept = this.#store.list('signIns').toSorted((a, b) => a.lastAt - b.lastAt);
    const good = kept.filter((each) => this.#isGood(each));
    const own = good.filter((each) => isOf(each, subject));
    const tooMany = new Set([
      ...own.slice(0, Math.max(0, own.length - maxEach + 1)),
      ...good.slice(0, Math.max(0, good.length - this.#maxAll + 1)),
    ]);
    const over = kept.filter((each) => tooMany.has(each) || !this.#isGood(each));
    const token = randomBytes(32).toString('base64url');
    const now = this.#clock.wall();
    const value: SignIn = { id: hash(token), subject, proof: hash(proof), since: now, lastAt: now };
    await this.#store.commit([...over.map(remove), { type: 'put', collection: 'signIns', value }]);
    return token;
  }

  /** Undefined when it is none, or is over; once seen to be over it does not come back. */
  find(token: string): Subject | undefined {
    const kept = this.#store.get('signIns', hash(token));
    if (kept === undefined) return undefined;
    if (!this.#isGood(kept)) {
      this.#store.note([remove(kept)]);
      return undefined;
    }
    return this.#used(kept) ? kept.subject : undefined;
  }

  /** False: it is being ended, and what is noted now would undo that. */
  #used(kept: Kept<SignIn>): boolean {
    const now = this.#clock.wall();
    if (now - kept.lastAt < noteMs) return true;
    const value = { ...kept, lastAt: now };
    try {
      this.#store.note([{ type: 'put', collection: 'signIns', value, expect: kept.revision }]);
      return true;
    } catch (error) {
      if (!Fault.is(error, 'conflict')) throw error;
      return false;
    }
  }

  async end(token: string): Promise<void> {
    const kept = this.#store.get('signIns', hash(token));
    if (kept !== undefined) await this.#store.commit([remove(kept)]);
  }

  async endAllOf(subject: Subject): Promise<void> {
    const own = this.#store.list('signIns').filter((each) => isOf(each, subject));
    if (own.length > 0) await this.#store.commit(own.map(remove));
  }

  #isGood({ subject, proof, since, lastAt }: SignIn): boolean {
    const now = this.#clock.wall();
    if (now - lastAt >= idleMs || now - since >= longestMs) return false;
    const current = this.#proofOf(subject);
    return current !== undefined && hash(current) === proof;
  }
}

const isOf = ({ subject }: Kept<SignIn>, { type, id }: Subject) => subject.type === type && subject.id === id;

const remove = ({ id }: SignIn): Change => ({ type: 'delete', collection: 'signIns', id });

const hash = (text: string) => createHash('sha256').update(text).digest('base64url');
