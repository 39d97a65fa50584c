/** `hotdesk upstream …`, and a user's account there: the PBXs and trunks. */

import { parseHostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { field, type Row } from './table.ts';
import {
  type Call,
  type Flag,
  item,
  last,
  type Noun,
  need,
  onOff,
  pinStdin,
  plainVerbs,
  valued,
} from './verb.ts';

const secretStdin: Flag = {
  name: 'secret-stdin',
  takesValue: false,
  about: 'read the secret from standard input, where no other user of the machine sees it',
};

const flags: readonly Flag[] = [
  valued('transport', 'udp|tcp|tls', 'to it; udp unless said'),
  valued('address', 'ADDRESS:PORT', 'of it; may be given again: the next is tried when one fails'),
  valued('domain', 'NAME', 'behind the @; the first address unless said'),
  valued(
    'local',
    'ADDRESS:PORT',
    'where the controller speaks from; "auto" for port 5080 on the route there',
  ),
  valued('authentication', 'none|ip|digest', 'how it knows us'),
  valued('username', 'NAME', 'for digest'),
  secretStdin,
  valued('number', 'PREFIX|FROM-TO', 'what goes there; may be given again, replaces all; "none" for none'),
  valued('default-route', 'on|off', 'takes what no other takes'),
  valued('deny', 'PREFIX', 'what is never called; may be given again, replaces all; "none" for none'),
  valued('called-prefix', 'DIGITS', 'in front of our extension in calls from there; "none" for none'),
  valued('probe-seconds', 'N', 'between two OPTIONS; 0 for never'),
];

async function fields(call: Call): Promise<Row> {
  const given = (name: string) => call.flags.get(name);
  const list = (name: string) => {
    const values = given(name);
    return values?.length === 1 && values[0] === 'none' ? [] : values;
  };
  const local = last(call, 'local');
  const prefix = last(call, 'called-prefix');
  const seconds = last(call, 'probe-seconds');
  const all = {
    transport: last(call, 'transport'),
    addresses: given('address')?.map((text) => parseHostPort(text, '--address')),
    domain: last(call, 'domain'),
    local: local && (local === 'auto' ? null : parseHostPort(local, '--local')),
    authentication: last(call, 'authentication'),
    username: last(call, 'username'),
    secret: call.flags.has(secretStdin.name) ? await call.readLine() : undefined,
    numbers: list('number'),
    defaultRoute: onOff(call, 'default-route'),
    denied: list('deny'),
    calledPrefix: prefix === 'none' ? '' : prefix,
    probeSeconds: seconds === undefined ? undefined : Number(seconds),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export const upstreamNoun: Noun = {
  about: 'the PBXs and trunks behind it',
  verbs: {
    ...plainVerbs('/upstreams', 'ID', [
      field('id'),
      field('mode'),
      field('transport'),
      field('numbers'),
      field('defaultRoute', 'default'),
      {
        title: 'addresses',
        of: ({ addressStates }) => (addressStates as Row[]).map((a) => `${a.address} ${a.state}`),
      },
      {
        title: 'registered',
        of({ registrations }) {
          const all = registrations as Row[];
          return `${all.filter(({ state }) => state === 'registered').length} of ${all.length}`;
        },
      },
      field('problem'),
    ]),
    create: {
      about: 'a new one',
      args: ['ID'],
      flags: [
        valued('mode', 'register|trunk', 'each user with an account there, or all calls over one'),
        ...flags,
      ],
      async run(call) {
        const body = { id: call.args[0], mode: need(call, 'mode'), ...(await fields(call)) };
        return item(call.client.ask('POST', '/upstreams', body));
      },
    },
    set: {
      about: 'changes it',
      args: ['ID'],
      flags,
      async run(call) {
        const path = `/upstreams/${encodeURIComponent(call.args[0] ?? '')}`;
        return item(call.client.ask('PATCH', path, await fields(call)));
      },
    },
  },
};

export const userUpstreamFlags: readonly Flag[] = [
  valued('upstream', 'ID', 'whose account follows; needed where there are several'),
  valued('upstream-user', 'NAME', 'as whom the user is registered at the PBX; "none" removes it'),
  { ...secretStdin, name: 'upstream-secret-stdin', about: `${secretStdin.about}; with --upstream-user` },
];

/** Before the user itself is changed, so that a secret refused changes nothing. */
export async function setUserUpstream(call: Call, userPath: string): Promise<void> {
  const user = last(call, 'upstream-user');
  const hasSecret = call.flags.has('upstream-secret-stdin');
  if (user === undefined && !hasSecret && last(call, 'upstream') === undefined) return;
  if (user === 'none') {
    await call.client.ask('DELETE', `${userPath}/upstream`);
    return;
  }
  if (hasSecret && call.flags.has(pinStdin.name))
    throw wrong('--pin-stdin and --upstream-secret-stdin: one at a time');
  if (!hasSecret) throw wrong('--upstream-secret-stdin is needed with --upstream-user');
  const id = last(call, 'upstream');
  const body = {
    user: need(call, 'upstream-user'),
    secret: await call.readLine(),
    ...(id !== undefined && { id }),
  };
  await call.client.ask('PUT', `${userPath}/upstream`, body);
}

const wrong = (message: string) => new Fault('input.invalid', message, { field: 'upstream-secret-stdin' });
