/**
 * Sessions that end by themselves: after their longest time, when nobody has
 * called for a while, at a time of day in the site's zone. A call in progress
 * defers it. A restart of ours counts as a call: what was before it is not known.
 *
 * Looked at every few seconds by the wall clock, which people set and laptops
 * sleep through, and not by a timer for each.
 */

import type { Session } from '#controller/model/model.ts';
import type { Policy, SessionLimits } from '#controller/model/policy.ts';
import type { Kept, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { nextTimeOfDay } from './time-of-day.ts';

/** Why a session ended by itself. */
export type LimitReason = 'longest' | 'idle' | 'timeOfDay';

export type TimedEndsOptions = {
  store: Pick<Store, 'get' | 'list' | 'watch'>;
  clock: Clock;
  isInCall(device: string): boolean;
  /** Of that session and no later one of the device. */
  end(session: Kept<Session>, reason: LimitReason): void;
};

export type TimedEnds = {
  /** A call of the device ended. */
  callEnded(device: string): void;
  close(): void;
};

const sweepMs = 5_000;
const minuteMs = 60_000;

export function createTimedEnds({ store, clock, isInCall, end }: TimedEndsOptions): TimedEnds {
  const startedAt = clock.wall();
  const lastCallAt = new Map<string, number>();
  /** By device: a time of day costs more to find than to compare. */
  const dayEnds = new Map<string, { revision: number; zone: string; at: number }>();
  let cancel: (() => void) | undefined;

  const limited = () => store.list('sessions').filter(({ limits }) => limits !== undefined);

  /** While there is something to look at. */
  function wait(): void {
    if (cancel === undefined && limited().length > 0) cancel = clock.after(sweepMs, sweep);
  }

  function sweep(): void {
    cancel = undefined;
    const sessions = limited();
    for (const session of sessions) {
      if (isInCall(session.device)) {
        lastCallAt.set(session.device, clock.wall());
        continue;
      }
      const reason = reasonToEnd(session);
      if (reason !== undefined) end(session, reason);
    }
    forgetOthers(lastCallAt, sessions);
    forgetOthers(dayEnds, sessions);
    wait();
  }

  function reasonToEnd(session: Kept<Session>): LimitReason | undefined {
    const { device, since, limits: { longestMinutes, idleMinutes, endsAt } = {} } = session;
    const now = clock.wall();
    if (isOver(since, longestMinutes, now)) return 'longest';
    const active = Math.max(since, startedAt, lastCallAt.get(device) ?? 0);
    if (isOver(active, idleMinutes, now)) return 'idle';
    if (endsAt !== undefined && endsAt !== 'none' && now >= dayEnd(session, endsAt)) return 'timeOfDay';
    return undefined;
  }

  function dayEnd({ device, since, revision }: Kept<Session>, time: string): number {
    const zone = store.get('sites', store.get('devices', device)?.site ?? '')?.timeZone ?? 'UTC';
    const known = dayEnds.get(device);
    if (known?.revision === revision && known.zone === zone) return known.at;
    const at = nextTimeOfDay(since, time, zone);
    dayEnds.set(device, { revision, zone, at });
    return at;
  }

  const unwatch = store.watch((changes) => {
    if (changes.some(({ collection }) => collection === 'sessions')) wait();
  });
  wait();

  return {
    callEnded: (device) => void lastCallAt.set(device, clock.wall()),
    close() {
      unwatch();
      cancel?.();
    },
  };
}

function forgetOthers(known: Map<string, unknown>, sessions: readonly Session[]): void {
  const kept = new Set(sessions.map(({ device }) => device));
  for (const id of known.keys()) if (!kept.has(id)) known.delete(id);
}

const isOver = (since: number, minutes: number | 'none' | undefined, now: number) =>
  typeof minutes === 'number' && now >= since + minutes * minuteMs;

/** The narrowest that says something, field by field. */
export function effectivePolicy(...policies: readonly (Policy | undefined)[]): Policy {
  const merged: Policy = {};
  for (const each of policies.toReversed()) {
    for (const [name, value] of Object.entries(each ?? {})) {
      if (value !== undefined) Object.assign(merged, { [name]: value });
    }
  }
  return merged;
}

/** What a session keeps of it; undefined: nothing ends it. */
export function limitsOf({ longestMinutes, idleMinutes, endsAt }: Policy): SessionLimits | undefined {
  const given = Object.entries({ longestMinutes, idleMinutes, endsAt }).filter(
    ([, value]) => value !== undefined && value !== 'none',
  );
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
