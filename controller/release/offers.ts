/**
 * Who is to have a newer version, and when: an agent that takes releases and is
 * older is told of ours; once it has it, it is sent over as soon as none of its
 * calls is up, or when it has waited for long enough.
 *
 *     status: older                 → release, and after ten minutes again
 *     status: ready for ours        → wait → upgrade, once each connection
 *     status: rolledBack, refused   → nothing; an alarm
 */

import type { Clock } from '#protocol/clock.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';
import { isNewer } from '#protocol/tunnel/release.ts';
import type { Release } from './release.ts';

/** After how long one that says the same is answered the same again. */
const againMs = 600_000;

type Message<T extends ControlMessage['type']> = Extract<ControlMessage, { type: T }>;
type Status = Message<'status'>;
type Tell = (message: Message<'release' | 'upgrade'>) => void;
type Log = Record<'info' | 'warn', (facts: object, message: string) => void>;

export type OffersOptions = {
  release: Pick<Release, 'version' | 'manifest' | 'signature'>;
  /** Whether a call of that agent's is up. */
  isBusy(agent: string): boolean;
  clock: Clock;
  log: Log;
  /** How long calls may hold it up; infinite: nobody is offered anything. */
  maxWaitMs: number;
  pollMs?: number;
};

export type Offers = {
  readonly counters: Readonly<Record<'offered' | 'called' | 'rolledBack', number>>;
  /** Each time an agent said how it is. */
  onStatus(agent: string, status: Status, tell: Tell): void;
  close(): void;
};

export function createOffers({
  release,
  isBusy,
  clock,
  log,
  maxWaitMs,
  pollMs = 1_000,
}: OffersOptions): Offers {
  const counters = { offered: 0, called: 0, rolledBack: 0 };
  const waiting = new Map<string, () => void>();
  /** What each said last, and when it was answered: a status comes now and then. */
  const answered = new Map<string, { state: string; at: number }>();
  const { version, manifest, signature } = release;

  function call(agent: string, tell: Tell, since: number): void {
    const isLate = clock.now() - since >= maxWaitMs;
    if (isBusy(agent) && !isLate) {
      waiting.set(
        agent,
        clock.after(pollMs, () => call(agent, tell, since)),
      );
      return;
    }
    waiting.delete(agent);
    counters.called++;
    log.info({ agent, version, isLate }, 'agent is sent to the new version');
    tell({ type: 'upgrade', version });
  }

  const isWanted = (status: Status) =>
    maxWaitMs !== Number.POSITIVE_INFINITY &&
    status.upgrades !== undefined &&
    isNewer(version, status.version);

  /** What an agent says more than once is answered once. */
  function isNews(agent: string, { version: has, upgrades, upgrade }: Status): boolean {
    const state = [has, upgrades, upgrade?.state, upgrade?.version].join(' ');
    const before = answered.get(agent);
    // Who waits for its calls to end goes on waiting.
    if (before?.state === state && (waiting.has(agent) || clock.now() - before.at < againMs)) return false;
    answered.set(agent, { state, at: clock.now() });
    waiting.get(agent)?.();
    waiting.delete(agent);
    return true;
  }

  function offer(agent: string, { upgrade }: Status, tell: Tell): void {
    const isOurs = upgrade?.version === version;
    if (upgrade?.state === 'fetching' && isOurs) return;
    if (upgrade?.state === 'ready' && isOurs) call(agent, tell, clock.now());
    else if (upgrade?.state === 'refused' || (upgrade?.state === 'rolledBack' && isOurs)) {
      counters.rolledBack++;
      log.warn({ agent, ...upgrade }, 'agent stays with its old version');
    } else {
      counters.offered++;
      tell({ type: 'release', manifest, signature });
    }
  }

  return {
    counters,
    onStatus(agent, status, tell) {
      if (isNews(agent, status) && isWanted(status)) offer(agent, status, tell);
    },
    close() {
      for (const cancel of waiting.values()) cancel();
      waiting.clear();
    },
  };
}
