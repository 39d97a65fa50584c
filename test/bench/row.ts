/**
 * What a measurement says: ours beside the peer's, both taken in the same run.
 * The figures are of this machine and this moment; the ratio is what to quote.
 */

export type Row = {
  /** What was measured, and its unit. */
  name: string;
  ours: number;
  /** Absent: nobody to compare with here. */
  peer?: number | undefined;
  /** `least`: ours is at least so many times the peer's; `most`: at most. Without a peer: of ours itself. */
  goal?: { least: number } | { most: number };
};

/** The row as a program reads it; `ok` is a remark and no verdict. */
export function toJson({ name, ours, peer, goal }: Row): string {
  const ratio = peer === undefined || peer === 0 ? null : round(ours / peer);
  const measured = ratio ?? ours;
  return JSON.stringify({
    name,
    ours: round(ours),
    peer: peer === undefined ? null : round(peer),
    ratio,
    goal: goal === undefined ? null : 'least' in goal ? `>= ${goal.least}` : `<= ${goal.most}`,
    ok: goal === undefined ? null : 'least' in goal ? measured >= goal.least : measured <= goal.most,
  });
}

/** The row as a person reads it. */
export function toText(row: Row): string {
  const { ours, peer, ratio, goal, ok } = JSON.parse(toJson(row)) as Record<string, unknown>;
  const columns = [row.name.padEnd(62), number(ours), number(peer), number(ratio)];
  return `${columns.join('')}${goal === null ? '' : `   ${String(goal).padEnd(8)} ${ok === true ? 'yes' : 'no'}`}`;
}

export const heading = `${''.padEnd(62)}${'ours'.padStart(12)}${'peer'.padStart(12)}${'ratio'.padStart(12)}   goal`;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const number = (value: unknown) => (value === null ? '-' : String(value)).padStart(12);

/** Three digits that mean something. */
const round = (value: number) => (value >= 1_000 ? Math.round(value) : Number(value.toPrecision(3)));
