/**
 * A long table in parts that are tables themselves, for a bar that tells how far
 * an import is. Empty lines in front of a part's rows keep the numbers of its
 * lines as they are in the whole.
 */

/** `text`: a table that the server could read (controller/api/csv.ts). */
export function partsOf(text: string, rows: number): string[] {
  const records = text.replace(/^\ufeff/, '').match(/(?:"[^"]*"|[^"\n])*\n|(?:"[^"]*"|[^"\n])+$/g) ?? [];
  const [header = '', ...others] = records;
  const first = header.endsWith('\n') ? header : `${header}\n`;
  const parts: string[] = [];
  let skipped = 0;
  for (let at = 0; at < others.length; at += rows) {
    const part = others.slice(at, at + rows).join('');
    parts.push(first + '\n'.repeat(skipped) + part);
    skipped += part.split('\n').length - 1;
  }
  return parts.length === 0 ? [first] : parts;
}

/** Whether its header has a column `pin`: each is hashed, which takes a while. */
export const hasPins = (text: string): boolean =>
  /(?:^|[,;])\s*"?\s*pin\s*"?\s*(?=[,;\r\n]|$)/i.test(text.split('\n', 1)[0] ?? '');
