/** `hotdesk redirection …`: the vendors' servers that send a new phone to its agent. */

import { Fault } from '#protocol/fault.ts';
import { field, type Row } from './table.ts';
import { type Call, done, item, last, type Noun, need, onOff, type Result, valued } from './verb.ts';

const services = '/redirection-services';
const at = (id: string | undefined) => `${services}/${encodeURIComponent(id ?? '')}`;

const secretStdin = {
  name: 'secret-stdin',
  takesValue: false,
  about: 'read the secret from standard input, where no other user of the machine sees it',
};
const serviceFlag = valued('service', 'SERVICE', 'where several are set up for the phone’s vendor');

/** "none" takes it back. */
const orNone = (text: string | undefined) => (text === 'none' ? null : text);

async function fields(call: Call): Promise<Row> {
  const all = {
    account: last(call, 'account'),
    secret: call.flags.has(secretStdin.name) ? await call.readLine() : undefined,
    url: orNone(last(call, 'url')),
    serverName: orNone(last(call, 'server-name')),
    automatic: onOff(call, 'automatic'),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function order(call: Call, wanted: 'registered' | 'removed'): Promise<Result> {
  const [device] = call.args;
  const service = last(call, 'service');
  const body = { device, wanted, ...(service !== undefined && { service }) };
  return item(call.client.ask('POST', '/redirections', body));
}

export const redirectionNoun: Noun = {
  about: 'the vendors’ servers that send a new phone to its agent',
  verbs: {
    list: {
      about: 'all that are known, set up or not',
      args: [],
      async run({ client }) {
        const { items } = (await client.ask('GET', services)) as { items: Row[] };
        const columns = [
          ...[field('id', 'service'), field('vendors'), field('isSetUp', 'set up'), field('account')],
          ...[field('automatic'), field('phones')],
        ];
        return { type: 'items', items, columns };
      },
    },
    show: {
      about: 'one of them, and what of it is uncertain',
      args: ['SERVICE'],
      run: ({ client, args }) => item(client.ask('GET', at(args[0]))),
    },
    set: {
      about: 'the account with it; the first time with --account and --secret-stdin',
      args: ['SERVICE'],
      flags: [
        valued('account', 'NAME', 'user name, key id or client id, as the service calls it'),
        secretStdin,
        valued('url', 'URL', 'where it is; "none" for where the vendor has it'),
        valued('server-name', 'NAME', 'Yealink RPS: what our entry among its servers is called'),
        valued('automatic', 'on|off', 'registers each device of the vendor, and removes it with the device'),
      ],
      run: async (call) => item(call.client.ask('PATCH', at(call.args[0]), await fields(call))),
    },
    forget: {
      about: 'the account; phones stay as they are there',
      args: ['SERVICE'],
      run: ({ client, args }) => done(client.ask('DELETE', at(args[0]))),
    },
    test: {
      about: 'signs in there, and changes nothing',
      args: ['SERVICE'],
      async run({ client, args }) {
        const { ok, detail } = (await client.ask('POST', `${at(args[0])}/test`)) as Row;
        const columns = [field('ok'), field('detail')];
        const result = { type: 'items', items: [{ ok, detail }], columns } as const;
        return ok === true ? result : { ...result, refused: String(detail) };
      },
    },
    'show-request': {
      about: 'what would be sent for a device, with secrets masked; nothing is',
      args: ['SERVICE'],
      flags: [
        valued('device', 'DEVICE', 'for which'),
        { name: 'remove', takesValue: false, about: 'to remove it, instead of to register it' },
      ],
      async run(call) {
        const wanted = call.flags.has('remove') ? 'removed' : 'registered';
        const query = new URLSearchParams({ device: need(call, 'device'), wanted });
        const { items } = (await call.client.ask('GET', `${at(call.args[0])}/requests?${query}`)) as {
          items: Row[];
        };
        return { type: 'text', text: items.map(formatRequest).join('\n\n'), json: { items } };
      },
    },
    'look-up': {
      about: 'what the service has of a phone now',
      args: ['MAC'],
      flags: [serviceFlag],
      run(call) {
        const mac = encodeURIComponent(call.args[0] ?? '');
        return item(call.client.ask('GET', `${at(need(call, 'service'))}/phones/${mac}`));
      },
    },
    queue: {
      about: 'what is wanted of each phone, and what became of it',
      args: [],
      async run({ client }) {
        const { items } = (await client.ask('GET', '/redirections')) as { items: Row[] };
        const columns = ['service', 'mac', 'device', 'wanted', 'state', 'tries', 'at', 'reason'];
        return { type: 'items', items, columns: columns.map((name) => field(name)) };
      },
    },
    register: {
      about: 'a device at its vendor’s service',
      args: ['DEVICE'],
      flags: [serviceFlag],
      run: (call) => order(call, 'registered'),
    },
    remove: {
      about: 'a device from its vendor’s service',
      args: ['DEVICE'],
      flags: [serviceFlag],
      run: (call) => order(call, 'removed'),
    },
  },
};

function formatRequest({ method, url, headers, body }: Row): string {
  if (typeof headers !== 'object' || headers === null) throw new Fault('unavailable', 'no request was shown');
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  return [
    `${String(method)} ${String(url)}`,
    ...lines,
    ...(body === undefined ? [] : ['', String(body)]),
  ].join('\n');
}
