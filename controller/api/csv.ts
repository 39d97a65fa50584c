/**
 * Comma-separated values (RFC 4180), as spreadsheets write them.
 *
 *     separator   semicolon when the header line has one (where the comma is the decimal sign), else comma,
 *                 else a tab when it has one
 *     lines       end in CRLF or LF; a quoted cell may hold some; empty ones are skipped
 *     formulas    a cell that begins with = + - or @ would be run by the spreadsheet that opens
 *                 the file: it is written behind a ', which is taken off again when it is read
 */

import { Fault } from '#protocol/fault.ts';

/** `line`: where the row begins, the header's being 1. */
export type CsvRow = { line: number; cells: string[] };

export const csvBounds = { rows: 2_000, cells: 32, cellLength: 1_024 } as const;

const lineEnd = '\r\n';

/** The first row is the header. Throws `input.invalid` that names the line. */
export function parseCsv(input: string): CsvRow[] {
  const text = input.replace(/^\ufeff/, '');
  const [header = ''] = /^[^\r\n]*/.exec(text) ?? [];
  const separator = [';', ',', '\t'].find((each) => header.includes(each)) ?? ',';
  const form = new RegExp(`(?:"([^"]*(?:""[^"]*)*)"|([^"${separator}\\r\\n]*))(${separator}|\\r?\\n|$)`, 'y');

  const rows: CsvRow[] = [];
  let row: CsvRow = { line: 1, cells: [] };
  let line = 1;
  while (form.lastIndex < text.length || row.cells.length > 0) {
    const at = form.lastIndex;
    const [all, quoted, plain = '', end] = form.exec(text) ?? [];
    if (all === undefined) throw wrongLine(line, whyNot(text, at));
    addCell(row, quoted?.replaceAll('""', '"') ?? plain);
    line += all.split('\n').length - 1;
    if (end === separator) continue;
    addRow(rows, row);
    row = { line, cells: [] };
  }
  return rows;
}

function addCell({ line, cells }: CsvRow, text: string): void {
  if (text.length > csvBounds.cellLength) {
    throw wrongLine(line, `a cell has more than ${csvBounds.cellLength} characters`);
  }
  cells.push(text.replace(/^'(?='*[=+\-@])/, ''));
  if (cells.length > csvBounds.cells) throw wrongLine(line, `has more than ${csvBounds.cells} cells`);
}

function addRow(rows: CsvRow[], row: CsvRow): void {
  if (row.cells.every((each) => each === '')) return;
  rows.push(row);
  if (rows.length > csvBounds.rows + 1)
    throw wrongLine(row.line, `more than ${csvBounds.rows} rows: import them in parts`);
}

export function formatCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => cells.map(formatCell).join(',') + lineEnd).join('');
}

function formatCell(text: string): string {
  const safe = /^'*[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function whyNot(text: string, at: number): string {
  if (text[at] !== '"') return 'a quote in the middle of a cell, or a carriage return alone';
  return /"[^"]*(?:""[^"]*)*"/y.test(text.slice(at))
    ? 'something follows the closing quote of a cell'
    : 'the quote that begins a cell never ends';
}

const wrongLine = (line: number, why: string) =>
  new Fault('input.invalid', `line ${line}: ${why}`, { field: `line ${line}` });
