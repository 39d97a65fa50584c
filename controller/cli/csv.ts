/** `hotdesk device|user import FILE`, `… export`: many at once, from and to a spreadsheet. */

import { readTextFile } from './named-file.ts';
import { field, type Row } from './table.ts';
import type { Verb } from './verb.ts';

type Report = { items: Row[]; refused: number };

export function csvVerbs(noun: 'devices' | 'users'): Record<'import' | 'export', Verb> {
  return {
    import: {
      about: 'all rows of a CSV file, or none',
      args: ['FILE'],
      flags: [{ name: 'dry-run', takesValue: false, about: 'tells what would change, and changes nothing' }],
      async run({ client, args: [file = ''], flags }) {
        const path = `/import?noun=${noun}&dry-run=${flags.has('dry-run')}`;
        const { items, refused } = (await client.ask(
          'POST',
          path,
          await readTextFile(file, 'FILE'),
        )) as Report;
        const columns = [field('line'), field('column'), field('action'), field('detail')];
        if (refused === 0) return { type: 'items', items, columns };
        const why = `${refused} of ${items.length} rows refused: nothing was saved`;
        return { type: 'items', items, columns, refused: why };
      },
    },
    export: {
      about: 'all of them as CSV',
      args: [],
      async run({ client }) {
        const csv = (await client.ask('GET', `/export?noun=${noun}`)) as string;
        return { type: 'text', text: csv.trimEnd(), json: { csv } };
      },
    },
  };
}
