/**
 * When a clock on a wall next shows a time of day. A time that summer time skips
 * comes as long after midnight as it would have; of one that comes twice, the first.
 */

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** `time` as `20:00`; strictly after `after`. Milliseconds since the epoch. */
export function nextTimeOfDay(after: number, time: string, timeZone: string): number {
  const offsetAt = offsetsOf(timeZone);
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  const midnight = Math.floor((after + offsetAt(after)) / dayMs) * dayMs;
  for (let day = 0; ; day++) {
    const shown = midnight + day * dayMs + (hours * 60 + minutes) * minuteMs;
    const at = whenShown(shown, offsetAt);
    if (at > after) return at;
  }
}

/** `shown`: what the clock shows, as if it were UTC. */
function whenShown(shown: number, offsetAt: (at: number) => number): number {
  const [before, later] = [offsetAt(shown - dayMs), offsetAt(shown + dayMs)];
  const candidates = [shown - before, shown - later].sort((a, b) => a - b);
  return candidates.find((at) => at + offsetAt(at) === shown) ?? shown - before;
}

/** How far the zone's clocks are before UTC at a moment, in milliseconds. */
function offsetsOf(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
    const shown = Date.UTC(
      part('year'),
      part('month') - 1,
      ...([part('day'), part('hour'), part('minute'), part('second')] as const),
    );
    return shown - Math.floor(at / 1_000) * 1_000;
  };
}
