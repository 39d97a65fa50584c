/**
 * Who is to have a newer version, and when: an agent that takes releases and is
 * older is told of ours; once it has it, it is sent over as soon as none of its
 * calls is up, or when it has waited for long enough.
 *
 *     status: older                 → release
 *     status: ready for ours        → wait → upgrade, once each connection
 *     status: rolledBack, refused   → nothing; an alarm
 */

import type { Clock } from '#protocol/clock.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';
import { isNewer } from '#protocol/tunnel/release.ts';
import type { Release } from './release.ts';

type Message<T extends ControlMessage['type']> = Extract<ControlMessage, { type: T }>;
type Status = Message<'status'>;
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
  onStatus(agent: string, status: Status, tell: (message: Message<'release' | 'upgrade'>) => void): void;
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
  const { version, manifest, signature } = release;

  function call(agent: string, tell: (message: Message<'upgrade'>) => void, since: number): void {
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

  return {
    counters,
    onStatus(agent, status, tell) {
      waiting.get(agent)?.();
      waiting.delete(agent);
      if (!isWanted(status)) return;
      const { state, version: of, reason } = status.upgrade ?? {};
      if (state === 'ready' && of === version) return call(agent, tell, clock.now());
      const isOver = state === 'refused' || (state === 'rolledBack' && of === version);
      if (isOver) {
        counters.rolledBack++;
        log.warn({ agent, version: of, state, reason }, 'agent stays with its old version');
      }
      if (isOver || (of === version && state === 'fetching')) return;
      counters.offered++;
      tell({ type: 'release', manifest, signature });
    },
    close() {
      for (const cancel of waiting.values()) cancel();
      waiting.clear();
    },
  };
}
