/**
 * The emergency calls there were: the last 200, told to whoever listens, kept in
 * the store as far as it can keep anything, and in memory in any case. From it
 * follows who is called back: a number that was called from rings for an hour.
 */

import type { EmergencyCall } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';

export type CallListOptions = {
  store: Pick<Store, 'list' | 'note'>;
  clock: Clock;
  log: Record<'warn' | 'error', (facts: object, message: string) => void>;
  random: (bytes: number) => Uint8Array;
  maxCalls?: number;
};

export type Outcome = Pick<EmergencyCall, 'state'> & Partial<Pick<EmergencyCall, 'route' | 'status'>>;

export type CallList = {
  begin(call: Omit<EmergencyCall, 'id' | 'at' | 'state'>): { id: string; settle(outcome: Outcome): void };
  /** The latest first. */
  list(): readonly EmergencyCall[];
  /** Devices of a site that called for help within the hour and are called back at this number, the latest first. */
  calledFrom(number: string, site?: string): readonly string[];
  /** Told of each call when it begins and when it is known how it went. */
  watch(listener: (call: EmergencyCall) => void): () => void;
};

const callBackMs = 60 * 60_000;

export function createCallList({ store, clock, log, random, maxCalls = 200 }: CallListOptions): CallList {
  const calls = new Map<string, EmergencyCall>();
  const listeners = new Set<(call: EmergencyCall) => void>();
  for (const { revision: _, ...call } of store.list('emergencyCalls').toSorted((a, b) => a.at - b.at))
    calls.set(call.id, call);

  /** Help does not wait for the disk, nor does it fail with it. */
  function keep(call: EmergencyCall): void {
    calls.set(call.id, call);
    const spare = [...calls.keys()].slice(0, Math.max(0, calls.size - maxCalls));
    for (const id of spare) calls.delete(id);
    try {
      store.note([
        { type: 'put', collection: 'emergencyCalls', value: call },
        ...spare.map((id) => ({ type: 'delete', collection: 'emergencyCalls', id }) as const),
      ]);
    } catch (err) {
      log.error({ err, device: call.device }, 'emergency call not kept');
    }
    for (const listener of listeners) listener(call);
  }

  return {
    begin(facts) {
      const at = clock.wall();
      const id = `${at}-${Buffer.from(random(6)).toString('hex')}`;
      const call: EmergencyCall = { id, at, ...facts, state: 'calling' };
      log.warn({ ...call }, 'emergency call');
      keep(call);
      return {
        id,
        settle(outcome) {
          const settled = { ...call, ...outcome };
          const level = outcome.state === 'failed' ? 'error' : 'warn';
          log[level](
            { id, device: call.device, site: call.site, ...outcome },
            `emergency call ${outcome.state}`,
          );
          keep(settled);
        },
      };
    },
    list: () => [...calls.values()].toReversed(),
    calledFrom(number, site) {
      const since = clock.wall() - callBackMs;
      const found = [...calls.values()].filter(
        (call) =>
          isSameNumber(call.callbackNumber, number) && call.at >= since && (site ?? call.site) === call.site,
      );
      return [...new Set(found.toReversed().map(({ device }) => device))];
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * A call-back comes as the network writes numbers: `+4930123456`, `004930123456`,
 * `030123456` and `30123456` are one. Six digits must agree.
 */
export function isSameNumber(a: string, b: string): boolean {
  const [long = '', short = ''] = [a, b]
    .map((number) => number.replace(/^\+?0*/, ''))
    .sort((x, y) => y.length - x.length);
  return a === b || (short.length >= 6 && /^\d+$/.test(short) && long.endsWith(short));
}
