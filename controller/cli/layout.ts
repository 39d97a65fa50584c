/** `hotdesk layout …`: what a user's keys become on a model, before anybody logs in. */

import { Fault } from '#protocol/fault.ts';
import { field, type Row } from './table.ts';
import { keysOf, numberOf } from './typed.ts';
import { last, type Noun, valued } from './verb.ts';

export const layoutNoun: Noun = {
  about: 'what keys become on a model',
  verbs: {
    preview: {
      about: 'which key is where, and what does not fit',
      args: ['MODEL'],
      flags: [
        valued('key', 'TYPE=VALUE=LABEL', 'as blf=101=Ben; may be given again, in order'),
        valued('user', 'EXT', 'with the keys that this user has'),
        valued('state', 'idle|loggedIn', 'loggedIn unless it is said'),
        valued('site', 'ID', 'with its dial codes and its language'),
        valued('language', 'en|de', 'of Login and Logout'),
        valued('expansions', 'N', 'so many modules stand beside the phone'),
      ],
      async run(call) {
        const user = last(call, 'user');
        const own = keysOf(call);
        if (user !== undefined && own !== undefined) {
          throw new Fault('input.invalid', '--key and --user: one of them', { field: 'key' });
        }
        const wanted = {
          model: call.args[0],
          keys: user === undefined ? own : await keysOfUser(call.client, user),
          state: last(call, 'state'),
          site: last(call, 'site'),
          language: last(call, 'language'),
          expansions: numberOf(call, 'expansions'),
        };
        const { keys, cut } = (await call.client.ask('POST', '/layouts/preview', wanted)) as {
          keys: Row[];
          cut: Row[];
        };
        const items = [
          ...keys.filter(({ type }) => type !== 'none').map((key) => ({ ...key, shown: 'yes' })),
          ...cut.map((key) => ({ ...key, shown: 'no room' })),
        ];
        const columns = [
          ...[field('position'), field('module'), field('page'), field('type'), field('value')],
          ...[field('label'), field('shown')],
        ];
        return { type: 'items', items, columns, json: { keys, cut } };
      },
    },
  },
};

async function keysOfUser(client: { ask(method: string, path: string): Promise<unknown> }, user: string) {
  const { keys } = (await client.ask('GET', `/users/${encodeURIComponent(user)}`)) as { keys: Row[] };
  return keys;
}
