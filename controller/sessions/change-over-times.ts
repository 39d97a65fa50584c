/**
 * How long change-overs take at each model of phone, since this program started:
 * from the commit until the phone has proven that it shows it. The median is
 * that of the last hundred.
 */

import type { ChangeOverTimes } from '#controller/model/ports.ts';

type Named = { vendor: string; model: string };
type Row = Named & { count: number; stuck: number; minMs: number; maxMs: number; last: number[] };

const maxLast = 100;

export type TimesByModel = {
  took(phone: Named, ms: number): void;
  /** It took longer than it may; it may get there yet. */
  stuck(phone: Named): void;
  list(): ChangeOverTimes[];
};

/** No larger than the number of models that devices can be of. */
export function createTimesByModel(): TimesByModel {
  const rows = new Map<string, Row>();

  function rowOf({ vendor, model }: Named): Row {
    const key = `${vendor} ${model}`;
    const row = rows.get(key) ?? { vendor, model, count: 0, stuck: 0, minMs: 0, maxMs: 0, last: [] };
    rows.set(key, row);
    return row;
  }

  return {
    took(phone, ms) {
      const row = rowOf(phone);
      row.minMs = row.count === 0 ? ms : Math.min(row.minMs, ms);
      row.maxMs = Math.max(row.maxMs, ms);
      row.count++;
      row.last = [...row.last.slice(1 - maxLast), ms];
    },
    stuck(phone) {
      rowOf(phone).stuck++;
    },
    list: () =>
      [...rows.values()].map(({ last, minMs, maxMs, ...row }) => ({
        ...row,
        minMs: Math.round(minMs),
        medianMs: Math.round(median(last)),
        maxMs: Math.round(maxMs),
      })),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] ?? 0) + (sorted[Math.ceil(at)] ?? 0)) / 2;
}
