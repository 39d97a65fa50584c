/** The nouns of `hotdesk <noun> <verb>` and what each verb asks of the API. */

import { parseHostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { accountNoun, newToken } from './account.ts';
import { adoptWindow } from './adopt-window.ts';
import { agentNoun, enrolTokenNoun } from './agent.ts';
import { auditNoun } from './audit.ts';
import { backupNoun } from './backup.ts';
import { callNoun } from './call.ts';
import { completionNoun } from './completion.ts';
import { csvVerbs } from './csv.ts';
import { devicePhoneVerbs, sessionHistoryVerb, sitePhoneVerbs, userSessionVerbs } from './device.ts';
import {
  devicePlaceFlags,
  emergencyFields,
  emergencyNoun,
  placeOf,
  siteEmergencyFlags,
} from './emergency.ts';
import { layoutNoun } from './layout.ts';
import { modelNoun } from './model.ts';
import { readTextFile } from './named-file.ts';
import { limitFlags, policyNoun, policyOf } from './policy.ts';
import { promptNoun } from './prompt.ts';
import { redirectionNoun } from './redirection.ts';
import { statusNoun } from './status.ts';
import { type Column, field, type Row } from './table.ts';
import { commonFlags } from './target.ts';
import { traceNoun } from './trace.ts';
import { keysOf, numberOf } from './typed.ts';
import { unknownPhoneNoun } from './unknown-phone.ts';
import { setUserUpstream, upstreamNoun, userUpstreamFlags } from './upstream.ts';
import { userLayoutVerbs } from './user-layout.ts';
import {
  type Call,
  done,
  type Flag,
  item,
  last,
  type Noun,
  need,
  onOff,
  pinFrom,
  pinStdin,
  plainVerbs,
  valued,
} from './verb.ts';
import { webhookNoun } from './webhook.ts';

const nested = (name: string, part: string, title = part): Column => ({
  title,
  of: (row) => (row[name] as Row | null | undefined)?.[part],
});

const siteFlags: readonly Flag[] = [
  valued('time-zone', 'ZONE', 'as Europe/Berlin'),
  valued('language', 'en|de', 'of displays and prompts'),
  valued('emergency', 'NUMBER', 'an emergency number; may be given again, replaces all'),
  valued('gateway', 'ADDRESS:PORT', 'where emergency calls go, on the site’s own LAN; "none" removes it'),
  valued('dial-code', 'NAME=CODE', 'as login=*77*; may be given again; without CODE it removes one'),
  valued('media', 'direct|agent', 'whether phones of the site reach each other, or only the agent'),
  valued('transport', 'udp|tcp|tls', 'how its phones speak SIP with their agent; udp unless set'),
  valued('may-watch', 'layout|site|all', 'whose busy lamps phones may show: those on keys, of the site, all'),
  valued('ring-seconds', '5..180', 'how long a call from here rings before it is given up; 60 unless set'),
  valued('idle-may-call', 'EXT', 'what an idle phone may call besides; may be given again, replaces all'),
  valued('config-by', 'http|https', 'how phones that can be told our CA fetch their config; http unless set'),
  valued('phone-ca', 'FILE', 'PEM of who signed the certificates that phones came with; "none" removes it'),
  ...siteEmergencyFlags,
];

async function siteFields(call: Call): Promise<Row> {
  const { flags } = call;
  const gateway = last(call, 'gateway');
  const cas = last(call, 'phone-ca');
  const codes = flags.get('dial-code')?.map((text) => {
    const [, name, code] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined) {
      throw new Fault('input.invalid', `--dial-code: "${text}" is not NAME=CODE`, { field: 'dial-code' });
    }
    return [name, code === '' ? null : code];
  });
  return given({
    timeZone: last(call, 'time-zone'),
    language: last(call, 'language'),
    transport: last(call, 'transport'),
    emergencyNumbers: flags.get('emergency'),
    emergencyGateway: gateway && (gateway === 'none' ? null : parseHostPort(gateway, '--gateway')),
    dialCodes: codes && Object.fromEntries(codes),
    idleMayCall: flags.get('idle-may-call'),
    media: last(call, 'media'),
    ringSeconds: numberOf(call, 'ring-seconds'),
    mayWatch: last(call, 'may-watch'),
    configBy: last(call, 'config-by'),
    phoneCas: cas && (cas === 'none' ? null : await readTextFile(cas, '--phone-ca')),
    ...emergencyFields(call),
  });
}

const expansionsFlag = valued('expansions', 'N', 'how many expansion modules stand beside it');

const userFlags: readonly Flag[] = [
  valued('hotdesk', 'on|off', 'may log in at desks'),
  valued(
    'second-device',
    'allow|move|refuse',
    'what a login at a second desk does; "default" for the system’s',
  ),
  valued(
    'key',
    'TYPE=VALUE=LABEL',
    'as blf=101=Ben; may be given again, in order, replaces all; "none" removes all',
  ),
  pinStdin,
];

function userFields(call: Call): Row {
  const policy = last(call, 'second-device');
  return given({
    name: last(call, 'name'),
    hotdesk: onOff(call, 'hotdesk'),
    secondDevice: policy === 'default' ? null : policy,
    keys: keysOf(call),
  });
}

/** Nobody but the phones makes one or ends it. */
const given = (fields: Row): Row =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const at = (path: string, id: string | undefined) => `${path}/${encodeURIComponent(id ?? '')}`;

export const nouns: Readonly<Record<string, Noun>> = {
  status: statusNoun,
  completion: completionNoun(() => nouns, commonFlags),

  site: {
    about: 'the offices',
    verbs: {
      ...plainVerbs('/sites', 'ID', [
        field('id'),
        field('timeZone', 'time zone'),
        field('language'),
        field('transport'),
        field('emergencyNumbers', 'emergency'),
        field('emergencyGateway', 'gateway'),
      ]),
      create: {
        about: 'a new one',
        args: ['ID'],
        flags: siteFlags,
        run: async (call) =>
          item(call.client.ask('POST', '/sites', { id: call.args[0], ...(await siteFields(call)) })),
      },
      set: {
        about: 'changes it',
        args: ['ID'],
        flags: [...siteFlags, ...limitFlags],
        async run(call) {
          const path = at('/sites', call.args[0]);
          return item(
            call.client.ask('PATCH', path, { ...(await siteFields(call)), ...(await policyOf(call, path)) }),
          );
        },
      },
      ...sitePhoneVerbs,
      'adopt-window': adoptWindow('/sites', 'ID', 'its phones may have their config by MAC alone, once each'),
    },
  },

  user: {
    about: 'the extensions, and whose they are',
    verbs: {
      ...plainVerbs('/users', 'EXT', [
        field('extension'),
        field('name'),
        field('hotdesk'),
        field('hasPin', 'pin'),
        { title: 'keys', of: (row) => (row.keys as unknown[]).length },
      ]),
      create: {
        about: 'a new one',
        args: ['EXT', 'NAME'],
        flags: userFlags,
        async run(call) {
          const [extension, name] = call.args;
          const body = { ...userFields(call), ...(await pinFrom(call)), extension, name };
          return item(call.client.ask('POST', '/users', body));
        },
      },
      set: {
        about: 'changes it',
        args: ['EXT'],
        flags: [valued('name', 'NAME', 'on displays'), ...userFlags, ...userUpstreamFlags, ...limitFlags],
        async run(call) {
          const path = at('/users', call.args[0]);
          await setUserUpstream(call, path);
          const { pin } = await pinFrom(call);
          if (pin !== undefined) await call.client.ask('PUT', `${path}/pin`, { pin });
          return item(
            call.client.ask('PATCH', path, { ...userFields(call), ...(await policyOf(call, path)) }),
          );
        },
      },
      ...csvVerbs('users'),
      ...userSessionVerbs,
      ...userLayoutVerbs,
      unlock: {
        about: 'forgets its wrong PINs',
        args: ['EXT'],
        run: ({ client, args }) => done(client.ask('POST', `${at('/users', args[0])}/unlock`)),
      },
    },
  },

  policy: policyNoun,
  prompt: promptNoun,
  upstream: upstreamNoun,
  webhook: webhookNoun,
  redirection: redirectionNoun,

  device: {
    about: 'the phones',
    verbs: {
      ...plainVerbs('/devices', 'DEVICE', [
        field('id', 'device'),
        field('mac'),
        field('model'),
        field('site'),
        field('extension', 'user'),
        nested('changeOver', 'state', 'state'),
        nested('changeOver', 'ms', 'in ms'),
        nested('registered', 'aor', 'registered as'),
        nested('registered', 'address', 'at'),
      ]),
      ...csvVerbs('devices'),
      ...devicePhoneVerbs,
      'adopt-window': adoptWindow('/devices', 'DEVICE', 'it may have its config by MAC alone, once'),
      create: {
        about: 'a new one',
        args: ['MAC', 'MODEL'],
        flags: [
          valued('site', 'ID', 'where it stands'),
          valued('name', 'HDnnnn', 'instead of the next free one'),
          expansionsFlag,
          ...devicePlaceFlags,
        ],
        run(call) {
          const [mac, model] = call.args;
          const body = given({
            mac,
            model,
            site: need(call, 'site'),
            id: last(call, 'name'),
            expansions: numberOf(call, 'expansions'),
            ...placeOf(call),
          });
          return item(call.client.ask('POST', '/devices', body));
        },
      },
      set: {
        about: 'changes it',
        args: ['DEVICE'],
        flags: [
          valued('mac', 'MAC', 'of the phone that takes its place'),
          valued('model', 'MODEL', 'of the phone'),
          valued('site', 'ID', 'where it stands'),
          expansionsFlag,
          ...devicePlaceFlags,
        ],
        run: (call) =>
          item(
            call.client.ask(
              'PATCH',
              at('/devices', call.args[0]),
              given({
                ...{ mac: last(call, 'mac'), model: last(call, 'model'), site: last(call, 'site') },
                expansions: numberOf(call, 'expansions'),
                ...placeOf(call),
              }),
            ),
          ),
      },
    },
  },

  model: modelNoun,

  layout: layoutNoun,

  'unknown-phone': unknownPhoneNoun,

  emergency: emergencyNoun,

  session: {
    about: 'who sits where',
    verbs: {
      ...plainVerbs('/sessions', 'DEVICE', [
        field('device'),
        field('extension', 'user'),
        field('since'),
        field('how'),
        nested('changeOver', 'state', 'state'),
        nested('changeOver', 'ms'),
      ]),
      history: sessionHistoryVerb,
      login: {
        about: 'without a PIN: you are the admin',
        args: ['DEVICE', 'EXT'],
        run: ({ client, args: [device, extension] }) =>
          item(client.ask('POST', '/sessions', { device, extension })),
      },
      logout: {
        about: 'ends it; so does remove',
        args: ['DEVICE'],
        run: ({ client, args }) => done(client.ask('DELETE', at('/sessions', args[0]))),
      },
    },
  },

  call: callNoun,

  agent: agentNoun,

  'enrol-token': enrolTokenNoun,

  audit: auditNoun,

  trace: traceNoun,

  backup: backupNoun,

  counter: {
    about: 'what was done, refused and dropped since the start',
    verbs: {
      list: {
        about: 'all of them',
        args: [],
        async run({ client }) {
          const { items } = (await client.ask('GET', '/counters')) as { items: Row[] };
          return { type: 'items', items, columns: [field('name'), field('count')] };
        },
      },
    },
  },

  account: accountNoun,
  token: {
    about: 'who may use the API over the network',
    verbs: {
      ...plainVerbs('/tokens', 'ID', [
        field('id'),
        field('name'),
        field('role'),
        field('sites'),
        field('createdAt', 'created'),
        field('expiresAt', 'expires'),
      ]),
      create: newToken,
      add: newToken,
    },
  },
};
