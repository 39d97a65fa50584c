/** `hotdesk unknown-phone …`: what agents heard and nobody has set up. */

import { field, type Row } from './table.ts';
import { item, last, type Noun, valued } from './verb.ts';

export const unknownPhoneNoun: Noun = {
  about: 'what asked for a config, and is no device yet',
  verbs: {
    list: {
      about: 'all of them, the latest first',
      args: [],
      async run({ client }) {
        const { items } = (await client.ask('GET', '/unknown-phones')) as { items: Row[] };
        const columns = [
          ...[field('mac'), field('vendor'), field('model'), field('version'), field('site')],
          ...[field('address', 'at'), field('by', 'heard by'), field('lastSeen', 'last seen')],
        ];
        return { type: 'items', items, columns };
      },
    },
    adopt: {
      about: 'makes it a device of the site it was heard at',
      args: ['MAC'],
      flags: [
        valued('model', 'MODEL', 'when the phone did not say one that is known'),
        valued('site', 'ID', 'when it was heard at several'),
      ],
      run(call) {
        const [model, site] = [last(call, 'model'), last(call, 'site')];
        const body = { ...(model !== undefined && { model }), ...(site !== undefined && { site }) };
        const path = `/unknown-phones/${encodeURIComponent(call.args[0] ?? '')}/adopt`;
        return item(call.client.ask('POST', path, body));
      },
    },
  },
};
