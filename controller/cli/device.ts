/** What `hotdesk device …` and `site …` do with phones that are there. */

import { listAll } from './lists.ts';
import { field, type Row } from './table.ts';
import { type Call, done, item, last, listVerb, type Result, type Verb, valued, wrongFlag } from './verb.ts';

const at = (path: string, id: string | undefined, rest = '') =>
  `${path}/${encodeURIComponent(id ?? '')}${rest}`;

const eventColumns = ['at', 'type', 'extension', 'how', 'reason', 'aor', 'address', 'ms'].map((name) =>
  field(name),
);

export const devicePhoneVerbs: Readonly<Record<string, Verb>> = {
  resync: {
    about: 'it fetches its config; "all" for every one, or those of --site',
    args: ['DEVICE'],
    flags: [valued('site', 'ID', 'with "all": of this site')],
    run: resync,
  },
  reboot: {
    about: 'it restarts',
    args: ['DEVICE'],
    run: ({ client, args }) => item(client.ask('POST', at('/devices', args[0], '/reboot'))),
  },
  config: {
    about: 'what it would be given now, secrets masked',
    args: ['DEVICE'],
    async run({ client, args }) {
      const json = (await client.ask('GET', at('/devices', args[0], '/config'))) as { text: string };
      return { type: 'text', text: json.text.trimEnd(), json };
    },
  },
  password: {
    about: 'what opens its web page and the menus that ask for one',
    args: ['DEVICE'],
    run: ({ client, args }) => item(client.ask('GET', at('/devices', args[0], '/password'))),
  },
  why: {
    ...listVerb(({ args }) => at('/devices', args[0], '/events'), eventColumns, ['DEVICE']),
    about: 'what happened there, the latest first',
  },
};

export const sitePhoneVerbs: Readonly<Record<string, Verb>> = {
  resync: {
    about: 'every phone of it fetches its config',
    args: ['ID'],
    async run({ client, args }) {
      const { items } = (await client.ask('POST', at('/sites', args[0], '/resync'))) as { items: Row[] };
      return { type: 'items', items, columns: [field('device'), field('result')] };
    },
  },
  logout: {
    about: 'nobody is logged in there any more',
    args: ['ID'],
    run: ({ client, args }) => item(client.ask('POST', at('/sites', args[0], '/logout'))),
  },
};

export const sessionHistoryVerb: Verb = {
  ...listVerb('/sessions/history', [
    ...[field('device'), field('site'), field('extension', 'user'), field('since'), field('how')],
    ...[field('until'), field('ended'), field('reason')],
  ]),
  about: 'who sat where, from when to when',
};

/** One by one, so that it can be told how far it is. */
async function resync(call: Call): Promise<Result> {
  const { client, args, progress } = call;
  const [device] = args;
  const site = last(call, 'site');
  if (device !== 'all') {
    if (site !== undefined) throw wrongFlag('site', 'goes with "all"');
    return item(client.ask('POST', at('/devices', device, '/resync')));
  }
  const devices = await listAll(client, '/devices', site === undefined ? {} : { site });
  const items: Row[] = [];
  for (const { id } of devices) {
    progress?.(items.length, devices.length);
    const { result } = (await client.ask('POST', at('/devices', String(id), '/resync'))) as Row;
    items.push({ device: id, result });
  }
  progress?.(items.length, devices.length);
  return { type: 'items', items, columns: [field('device'), field('result')] };
}

export const userSessionVerbs: Readonly<Record<string, Verb>> = {
  where: {
    about: 'where he sits',
    args: ['EXT'],
    async run({ client, args }) {
      const { items } = (await client.ask('GET', at('/users', args[0], '/sessions'))) as { items: Row[] };
      return { type: 'items', items, columns: ['device', 'since', 'how'].map((name) => field(name)) };
    },
  },
  logout: {
    about: 'he is logged in nowhere any more',
    args: ['EXT'],
    run: ({ client, args }) => done(client.ask('DELETE', at('/users', args[0], '/sessions'))),
  },
  'remove-pin': {
    about: 'he cannot log in until he is given another',
    args: ['EXT'],
    run: ({ client, args }) => done(client.ask('DELETE', at('/users', args[0], '/pin'))),
  },
};
