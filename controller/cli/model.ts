/** `hotdesk model …`: the phones that can be set up, and what is known of each. */

import { field, type Row } from './table.ts';
import { last, type Noun, valued } from './verb.ts';

export const modelNoun: Noun = {
  about: 'the phones that can be set up',
  verbs: {
    list: {
      about: 'all of them, or those of a vendor or a name',
      args: [],
      flags: [
        valued('vendor', 'NAME', 'as yealink'),
        valued('search', 'TEXT', 'any part of vendor and model'),
      ],
      async run(call) {
        const [vendor, text] = [last(call, 'vendor'), last(call, 'search')];
        const query = new URLSearchParams({
          ...(vendor !== undefined && { vendor }),
          ...(text !== undefined && { q: text }),
        });
        const { items } = (await call.client.ask('GET', `/models?${query}`)) as { items: Row[] };
        const columns = [
          ...[
            field('vendor'),
            field('model'),
            field('keys'),
            field('usableKeys', 'usable'),
            field('verified'),
            field('confidence'),
          ],
          field('notes'),
        ];
        return { type: 'items', items, columns };
      },
    },
    show: {
      about: 'keys, files, what a phone is told and what stays on it',
      args: ['MODEL'],
      async run({ client, args }) {
        const json = (await client.ask('GET', `/models/${encodeURIComponent(args[0] ?? '')}`)) as Row;
        const fates = Object.entries(json.atLogout as Record<string, { state: string; note?: string }>);
        const atLogout = fates.map(([what, { state }]) => `${what} ${state}`);
        const notes = new Set(fates.flatMap(([, { note }]) => (note === undefined ? [] : [note])));
        return { type: 'item', item: { ...json, atLogout, afterLogout: [...notes] }, json };
      },
    },
  },
};
