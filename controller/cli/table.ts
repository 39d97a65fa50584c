/** Rows for people: columns as wide as their longest cell, nothing a terminal would obey. */

export type Column = { title: string; of(row: Row): unknown };
export type Row = Readonly<Record<string, unknown>>;

/** A column that shows the field of its own name. */
export const field = (name: string, title = name): Column => ({ title, of: (row) => row[name] });

export function formatTable(rows: readonly Row[], columns: readonly Column[]): string {
  const cells = [
    columns.map(({ title }) => title.toUpperCase()),
    ...rows.map((row) => columns.map(({ of }) => printable(of(row)))),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One thing: its fields, one a line. */
export function formatFields(row: Row): string {
  const entries = Object.entries(row).filter(([, value]) => value !== undefined && value !== null);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}`).join('\n');
}

export function printable(value: unknown): string {
  return textOf(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u00b7');
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '-';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .filter(([, part]) => part !== undefined && part !== null && part !== '')
    .map(([name, part]) => `${name}=${textOf(part)}`)
    .join(' ');
}
