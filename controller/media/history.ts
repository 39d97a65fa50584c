/** Calls that are over: the last so many, for who asks afterwards. */

import type { LineReport } from './relay.ts';

export type CallReport = {
  /** Of the call and its branch; the Call-ID itself is the phones'. */
  id: string;
  from: string;
  to: string;
  /** The desks at its ends, as far as they are ours. */
  devices: { from?: string; to?: string };
  sites: string[];
  /** That its ends are reached through. */
  agents: string[];
  since: string;
  endedAt?: string;
  /** Where packets go: from phone to phone, through their agent, through agents and controller. */
  media: 'direct' | 'agent' | 'controller';
  /** One a direction of each `m=` line; none of direct media, which nobody of us sees. */
  streams: (Omit<LineReport, 'from'> & { from: string; to: string })[];
};

export function createHistory({ keep }: { keep: number }) {
  const reports: CallReport[] = [];
  return {
    add(report: CallReport): void {
      reports.push(report);
      if (reports.length > keep) reports.shift();
    },
    /** The latest first. */
    list: (): CallReport[] => reports.toReversed(),
  };
}
