/**
 * Call quality per desk: what came of all the calls that a device had since the
 * start, of those whose media we carry. Bounded: the desk longest without a call
 * goes first.
 */

import type { DeskQuality, StreamSum } from '#controller/model/ports.ts';
import type { CallReport } from './history.ts';

const maxDesks = 10_000;

export function createQuality() {
  const desks = new Map<string, DeskQuality>();

  function note(device: string, user: string, { streams, endedAt = '' }: CallReport): void {
    const { calls, heard, sent } = desks.get(device) ?? { calls: 0, heard: none, sent: none };
    const sum = (to: 'from' | 'to', before: StreamSum) =>
      streams.filter((stream) => stream[to] === user).reduce(added, before);
    // Anew: the first of the map is the one longest without a call.
    desks.delete(device);
    desks.set(device, {
      device,
      calls: calls + 1,
      lastAt: endedAt,
      heard: sum('to', heard),
      sent: sum('from', sent),
    });
    if (desks.size > maxDesks) desks.delete(desks.keys().next().value ?? '');
  }

  return {
    /** A call that is over. Of direct media nobody of us sees anything: it counts for nothing. */
    add(report: CallReport): void {
      if (report.streams.length === 0) return;
      const { from, to } = report.devices;
      if (from !== undefined) note(from, report.from, report);
      if (to !== undefined) note(to, report.to, report);
    },
    list: (): DeskQuality[] => [...desks.values()],
  };
}

const none: StreamSum = { packets: 0, lost: 0, jitterMs: 0, silences: 0 };

function added(sum: StreamSum, stream: StreamSum): StreamSum {
  return {
    packets: sum.packets + stream.packets,
    lost: sum.lost + stream.lost,
    jitterMs: Math.max(sum.jitterMs, stream.jitterMs),
    silences: sum.silences + stream.silences,
  };
}
