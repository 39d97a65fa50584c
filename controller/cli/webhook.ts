/** `hotdesk webhook …`: who else is told of what happens. */

import { field, type Row } from './table.ts';
import { type Call, type Flag, item, last, type Noun, onOff, plainVerbs, valued } from './verb.ts';

const flags: readonly Flag[] = [
  valued(
    'event',
    'NAME',
    'login, logout, stuck, agent-down, agent-up, emergency; may be given again; all unless said',
  ),
  valued('site', 'ID', 'of these only; may be given again; "all" for all'),
  valued('enabled', 'on|off', 'off: it is told nothing'),
];

const all = ['login', 'logout', 'stuck', 'agent-down', 'agent-up', 'emergency'];

function fields(call: Call): Row {
  const [events, sites] = [call.flags.get('event'), call.flags.get('site')];
  const enabled = onOff(call, 'enabled');
  return {
    ...(events && { events }),
    ...(sites && { sites: sites.includes('all') ? null : sites }),
    ...(enabled !== undefined && { enabled }),
  };
}

const at = (id: string | undefined, rest = '') => `/webhooks/${encodeURIComponent(id ?? '')}${rest}`;

export const webhookNoun: Noun = {
  about: 'programs of yours that are told what happens',
  verbs: {
    ...plainVerbs('/webhooks', 'ID', [
      ...[field('id'), field('url'), field('events'), field('sites'), field('enabled')],
      { title: 'last', of: ({ last: each }) => (each as Row | undefined)?.detail },
    ]),
    create: {
      about: 'prints its secret, once',
      args: ['URL'],
      flags,
      run: (call) =>
        item(call.client.ask('POST', '/webhooks', { events: all, ...fields(call), url: call.args[0] })),
    },
    set: {
      about: 'changes it',
      args: ['ID'],
      flags: [valued('url', 'URL', 'where it is'), ...flags],
      run(call) {
        const url = last(call, 'url');
        return item(call.client.ask('PATCH', at(call.args[0]), { ...fields(call), ...(url && { url }) }));
      },
    },
    test: {
      about: 'sends it one message',
      args: ['ID'],
      run: ({ client, args }) => item(client.ask('POST', at(args[0], '/test'))),
    },
  },
};
