/**
 * Sessions: who is logged in where. Login, logout and everything else that
 * begins or ends a session is one commit each, and each raises the generation
 * of every device it touches, so that the secret the phone had so far dies.
 *
 *     login                the device's session, whoever had it before (takeover)
 *       … of a user who      allow: both devices keep theirs
 *         has another        move: the other device's session ends in the same commit
 *         device             refuse: forbidden
 *     logout               by the device itself, an admin, the API
 *     user deleted, or     their sessions end (`removed`), also when a login was
 *       not for hotdesk      on its way meanwhile
 *     device deleted       its session ends
 *     its time is over     ./timed-ends.ts
 *
 * Logins and logouts go one after the other: two devices of one user touch
 * different documents, so no compare-and-set would see that both moved.
 */

import type { Happening, Tell } from '#controller/model/happening.ts';
import type { Device, How, Session, User } from '#controller/model/model.ts';
import type {
  Change,
  ChangeOvers,
  ConfigEtag,
  Kept,
  PinAnswer,
  Resync,
  Sessions,
  Store,
} from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { createChangeOvers, type RunningChangeOvers } from './change-overs.ts';
import { type Limits, Locks, type Try } from './locks.ts';
import { Pins, type Scrypt } from './pins.ts';
import {
  createTimedEnds,
  effectivePolicy,
  type LimitReason,
  limitsOf,
  type TimedEnds,
} from './timed-ends.ts';
import { refuseWeakPin } from './weak-pins.ts';

export type SessionsOptions = {
  store: Store;
  keys: { readonly pepper: Uint8Array };
  clock: Clock;
  log: Record<'info' | 'warn' | 'error', (facts: object, message: string) => void>;
  resync: Resync;
  configEtag: ConfigEtag;
  isInCall?(device: string): boolean;
  policy?: { secondDevice?: SecondDevice; limits?: Limits };
  scrypt?: Scrypt;
  tell?: Tell;
};

export type SecondDevice = NonNullable<User['secondDevice']>;

export type HotDesk = Sessions &
  ChangeOvers &
  Pick<RunningChangeOvers, 'reached'> & {
    /** Throws `input.invalid` with field `pin` and the reason; `not.found`. Forgives the extension's wrong PINs. */
    setPin(extension: string, pin: string): Promise<void>;
    /** As `checkPin`, for who signs in at a page from that address. */
    check(address: string, extension: string, pin: string): Promise<PinAnswer>;
    /** For a commit of the caller's own, as of a user who is not there yet. Throws `input.invalid` with field `pin`. */
    hashPin(extension: string, pin: string): Promise<string>;
    /** Forgives an extension's wrong PINs at every device. */
    unlock(extension: string): Promise<void>;
    close(): Promise<void>;
  };

const maxWaiting = 1_000;
const maxConflicts = 10;
const sweepAgainMs = 5_000;

export function createSessions({
  store,
  keys,
  clock,
  log,
  resync,
  configEtag,
  policy = {},
  scrypt,
  tell = () => {},
  isInCall = () => false,
}: SessionsOptions): HotDesk {
  const { pepper } = keys;
  const pins = new Pins(scrypt === undefined ? { pepper } : { pepper, scrypt });
  const { limits } = policy;
  const locks = new Locks({ store, clock, log, key: pepper, ...(limits !== undefined && { limits }) });
  const changeOvers = createChangeOvers({ store, clock, log, resync, configEtag, tell });
  const { secondDevice = 'allow' } = policy;
  return new EmbeddedSessions({ store, clock, log, pins, locks, changeOvers, secondDevice, tell, isInCall });
}

type Parts = Pick<SessionsOptions, 'store' | 'clock' | 'log'> & {
  pins: Pins;
  locks: Locks;
  changeOvers: RunningChangeOvers;
  secondDevice: SecondDevice;
  tell: Tell;
  isInCall(device: string): boolean;
};

/** What a login or logout will commit, and what follows from it. */
type Move<T> = { changes: Change[]; result: T; touched: string[]; told: Told[] };
type Told = Extract<Happening, { type: 'login' | 'logout' }>;

class EmbeddedSessions implements HotDesk {
  readonly #parts: Parts;
  readonly #stopWatching: () => void;
  readonly #timedEnds: TimedEnds;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #cancelSweep: (() => void) | undefined;
  #isClosed = false;

  readonly of: ChangeOvers['of'];
  readonly times: ChangeOvers['times'];
  readonly fetched: ChangeOvers['fetched'];
  readonly registered: ChangeOvers['registered'];
  readonly callEnded: ChangeOvers['callEnded'];
  readonly reached: RunningChangeOvers['reached'];

  constructor(parts: Parts) {
    this.#parts = parts;
    const { store, clock, changeOvers, isInCall } = parts;
    this.of = changeOvers.of;
    this.times = changeOvers.times;
    this.fetched = changeOvers.fetched;
    this.registered = changeOvers.registered;
    this.reached = changeOvers.reached;
    this.callEnded = (device) => {
      this.#timedEnds.callEnded(device);
      changeOvers.callEnded(device);
    };
    this.#timedEnds = createTimedEnds({
      ...{ store, clock, isInCall },
      end: (session, reason) => this.#endByLimit(session, reason),
    });
    this.#stopWatching = store.watch((changes) => {
      if (changes.some(({ collection }) => collection in endsSessions)) this.#sweep();
    });
    this.#sweep();
  }

  /**
   * Whatever the reason to refuse, the same is done: one charge, one scrypt.
   * Nothing is told apart before both are over.
   */
  async checkPin(device: string, extension: string, pin: string): Promise<'right' | 'wrong'> {
    const at = this.#parts.store.get('devices', device);
    const attempt: Try = { extension, device: at?.id ?? '?', site: at?.site ?? '?' };
    return await this.#check(attempt, pin, at !== undefined);
  }

  /** A page is a desk of its own: its locks keep nobody out at a phone. */
  async check(address: string, extension: string, pin: string): Promise<'right' | 'wrong'> {
    return await this.#check({ extension, device: `page ${address}`, site: 'page' }, pin, true);
  }

  async #check(attempt: Try, pin: string, isKnown: boolean): Promise<'right' | 'wrong'> {
    const { store, pins, locks } = this.#parts;
    const isFree = locks.charge(attempt);
    const user = store.get('users', attempt.extension);
    let isRight: boolean;
    try {
      isRight = await pins.isRight(pin, user?.pinHash);
    } catch (error) {
      if (isFree) locks.giveBack(attempt);
      throw error;
    }
    const isAllowed = isFree && isKnown && user?.hotdesk === true;
    if (isRight && isAllowed) {
      locks.refund(attempt);
      return 'right';
    }
    locks.keep(attempt);
    return 'wrong';
  }

  async login(device: string, extension: string, how: How): Promise<Session> {
    return await this.#move(how, () => this.#toLogin(device, extension, how));
  }

  async logout(device: string, how: How): Promise<Session | undefined> {
    return await this.#move(how, () => this.#toLogout(device, how));
  }

  async setPin(extension: string, pin: string): Promise<void> {
    const { store, locks } = this.#parts;
    refuseWeakPin(pin, extension);
    this.#user(extension);
    const pinHash = await this.hashPin(extension, pin);
    await retried(async () => {
      const user = this.#user(extension);
      const value = { ...user, pinHash };
      await store.commit([
        { type: 'put', collection: 'users', value, expect: user.revision },
        ...locks.forgiving(extension),
      ]);
    });
  }

  async hashPin(extension: string, pin: string): Promise<string> {
    refuseWeakPin(pin, extension);
    return await this.#parts.pins.hash(pin);
  }

  async unlock(extension: string): Promise<void> {
    await this.#parts.store.commit(this.#parts.locks.forgiving(extension));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopWatching();
    this.#cancelSweep?.();
    this.#timedEnds.close();
    this.#parts.changeOvers.close();
    await this.#last;
  }

  /** After all that came before; drafted anew when somebody else changed what it was drafted on. */
  async #move<T>(how: How, draft: () => Move<T>): Promise<T> {
    if (this.#isClosed) throw new Fault('unavailable', 'the controller is stopping');
    if (this.#waiting >= maxWaiting) throw new Fault('limit.reached', 'too many logins and logouts at once');
    this.#waiting++;
    const moved = this.#last.then(() => retried(() => this.#commit(how, draft())));
    this.#last = moved.then(
      () => this.#waiting--,
      () => this.#waiting--,
    );
    return await moved;
  }

  async #commit<T>(how: How, { changes, result, touched, told }: Move<T>): Promise<T> {
    const { store, changeOvers, log, tell } = this.#parts;
    if (changes.length > 0) await store.commit(changes);
    for (const happening of told) {
      const { type, extension: user, ...facts } = happening;
      log.info({ ...facts, user }, type === 'login' ? 'logged in' : 'logged out');
      tell(happening);
    }
    const [first, ...others] = touched;
    // The call in which somebody logged in is still up; the phones of others are not in it.
    const isInCall = how === 'dial' || how === 'key';
    if (first !== undefined) changeOvers.begin(first, { isInCall });
    for (const device of others) changeOvers.begin(device, { isInCall: false });
    return result;
  }

  #toLogin(id: string, extension: string, how: How): Move<Session> {
    const { store, clock } = this.#parts;
    const device = store.get('devices', id);
    if (device === undefined) throw new Fault('not.found', `no device ${id}`, { noun: 'device', id });
    const user = this.#user(extension);
    if (!user.hotdesk) {
      const facts = { extension, reason: 'hotdesk-off' };
      throw new Fault('forbidden', `extension ${extension} is not enabled for hot desking`, facts);
    }
    const before = store.get('sessions', id);
    // Again at the same phone: perhaps because it does not show it.
    if (before?.extension === extension) return { changes: [], result: before, touched: [id], told: [] };

    const policy = effectivePolicy(
      { ...user.policy, secondDevice: user.secondDevice },
      store.get('sites', device.site)?.policy,
      store.get('policies', 'system'),
    );
    const left = this.#left(extension, policy.secondDevice, id);
    const limits = limitsOf(policy);
    const session: Session = { device: id, extension, since: clock.wall(), how, ...(limits && { limits }) };
    return {
      changes: [
        { type: 'put', collection: 'sessions', value: session, expect: before?.revision ?? 'absent' },
        raised(device),
        ...left.flatMap((other) => this.#ending(other)),
      ],
      result: session,
      touched: [id, ...left.map((other) => other.device)],
      told: [
        ...(before === undefined ? [] : [out(before, 'takeover')]),
        ...left.map((other) => out(other, 'move')),
        { type: 'login', device: id, extension, how },
      ],
    };
  }

  #toLogout(id: string, how: How): Move<Session | undefined> {
    const session = this.#parts.store.get('sessions', id);
    if (session === undefined) return nothing;
    return { changes: this.#ending(session), result: session, touched: [id], told: [out(session, how)] };
  }

  /** The user's other sessions, as far as policy ends them. Throws `forbidden` when it refuses instead. */
  #left(
    extension: string,
    secondDevice: SecondDevice = this.#parts.secondDevice,
    device: string,
  ): Kept<Session>[] {
    if (secondDevice === 'allow') return [];
    const others = this.#sessionsOf(extension).filter((session) => session.device !== device);
    if (secondDevice === 'move' || others[0] === undefined) return others;
    const facts = { extension, device: others[0].device, reason: 'second-device' };
    throw new Fault('forbidden', `extension ${extension} is logged in at ${others[0].device}`, facts);
  }

  #ending(session: Kept<Session>): Change[] {
    const device = this.#parts.store.get('devices', session.device);
    return [
      { type: 'delete', collection: 'sessions', id: session.device, expect: session.revision },
      ...(device === undefined ? [] : [raised(device)]),
    ];
  }

  #sessionsOf(extension: string): Kept<Session>[] {
    return this.#parts.store.list('sessions').filter((session) => session.extension === extension);
  }

  #user(extension: string): Kept<User> {
    const user = this.#parts.store.get('users', extension);
    if (user === undefined) {
      throw new Fault('not.found', `no user ${extension}`, { noun: 'user', id: extension });
    }
    return user;
  }

  /** Of that session only: who logged in meanwhile has a time of his own. */
  #endByLimit({ device, since, extension }: Session, reason: LimitReason): void {
    const { store, log } = this.#parts;
    this.#move('limit', () => {
      const session = store.get('sessions', device);
      if (session?.since !== since || session.extension !== extension) return nothing;
      const told = [{ ...out(session, 'limit'), reason }];
      return { changes: this.#ending(session), result: undefined, touched: [device], told };
    }).catch((err: unknown) => {
      if (!this.#isClosed) log.error({ err, device }, 'cannot end a session whose time is over');
    });
  }

  /** Ends every session that has lost its user or its device. */
  #sweep(): void {
    const { store, clock, log } = this.#parts;
    const orphans = store.list('sessions').filter((session) => this.#isOrphan(session));
    for (const { device } of orphans) {
      this.#move('removed', () => {
        const session = store.get('sessions', device);
        const isStill = session !== undefined && this.#isOrphan(session);
        return isStill ? this.#toLogout(device, 'removed') : nothing;
      }).catch((err: unknown) => {
        if (this.#isClosed) return;
        log.error({ err, device }, 'cannot end a session whose user or device is gone');
        this.#cancelSweep?.();
        this.#cancelSweep = clock.after(sweepAgainMs, () => this.#sweep());
      });
    }
  }

  #isOrphan({ device, extension }: Session): boolean {
    const { store } = this.#parts;
    return store.get('devices', device) === undefined || store.get('users', extension)?.hotdesk !== true;
  }
}

/** What may leave a session without its user or device, be it because the session came later. */
const endsSessions: Partial<Record<Change['collection'], true>> = {
  users: true,
  devices: true,
  sessions: true,
};

const nothing: Move<undefined> = { changes: [], result: undefined, touched: [], told: [] };

const out = ({ device, extension }: Session, how: How): Told => ({ type: 'logout', device, extension, how });

const raised = (device: Kept<Device>): Change => ({
  type: 'put',
  collection: 'devices',
  value: { ...device, generation: device.generation + 1 },
  expect: device.revision,
});

async function retried<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (!Fault.is(error, 'conflict') || tries >= maxConflicts) throw error;
    }
  }
}
