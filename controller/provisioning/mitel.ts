/**
 * Mitel's config file: one `name: value` a line. A `^` before the name makes the
 * value win over what was changed at the phone, so each line has one.
 *
 * A phone keeps whatever a file does not mention, so a file says everything that
 * is known to hold something of a user. All lines come from `formatLines`, which
 * lets no value end its line. Names of settings are constants of this file.
 */

import { createHash } from 'node:crypto';
import type { LaidKey } from '#controller/layout/layout.ts';
import { areaKeys, expansionKeys } from './areas.ts';
import { type Change, zoneRule } from './time-zone.ts';
import { type ConfigSheet, caFile, toLine, type Vendor } from './vendor.ts';

type Setting = readonly [name: string, value: string | number];

const registerSeconds = 600;

export const mitel: Vendor = {
  contentType: 'text/plain; charset=utf-8',
  toPassword: digitsOf,
  fileOf(name, { mac }) {
    if (name === `${mac}.cfg`) return { type: 'config' };
    // For all phones, before its own: they may be empty, and must be there.
    return name === 'startup.cfg' || name === 'aastra.cfg'
      ? { type: 'fixed', text: formatLines([]) }
      : undefined;
  },
  /** Each file as a sealed one first, its model's, then firmware and what may be beside it. */
  absent: /^(?:[0-9a-z]+\.tuz|\d{4}[a-z]*\.(?:cfg|st)|lang_[0-9a-z_]+\.txt|[0-9a-z_-]+\.csv)$/,
  format: (sheet) =>
    formatLines([
      ...updateSettings(sheet),
      ...accountSettings(sheet),
      ...otherAccounts(sheet.model.accounts),
      ...callSettings(sheet),
      ...dialSettings,
      ...siteSettings(sheet.site),
      ...keySettings(sheet),
    ]),
};

export function formatLines(settings: Iterable<Setting>): string {
  const lines = Array.from(settings, ([name, value]) => `^${name}: ${formatValue(value)}`.trimEnd());
  return `# hotdesk\n${lines.join('\n')}\n`;
}

/** Without escapes, so a quote that would open or close a value becomes another one. */
const formatValue = (value: string | number) => toLine(value).replaceAll('"', '\u201d');

const transports = { udp: 1, tcp: 2, tls: 4 } as const;

function accountSettings({ account, sip, site }: ConfigSheet): Setting[] {
  return [
    ['sip transport protocol', transports[site.transport]],
    ['sips trusted certificates', site.transport === 'tls' ? caFile : ''],
    ['sip registration period', registerSeconds],
    ['sip whitelist', 1], // requests from where it registers, and from nobody else
    ...line(1, {
      ...emptyLine,
      'user name': account.userName,
      'auth name': account.authName,
      password: account.password,
      'display name': account.displayName,
      'screen name': account.label,
      'proxy ip': sip.address,
      'proxy port': sip.port,
      'registrar ip': sip.address,
      'registrar port': sip.port,
      'dtmf method': 0, // RFC 4733
      'srtp mode': 0,
    }),
  ];
}

const line = (number: number, settings: Readonly<Record<string, string | number>>): Setting[] =>
  Object.entries(settings).map(([name, value]) => [`sip line${number} ${name}`, value]);

const emptyLine = {
  'user name': '',
  'auth name': '',
  password: '',
  'display name': '',
  'screen name': '',
  'screen name 2': '',
  'proxy ip': '',
  'registrar ip': '',
  'backup proxy ip': '',
  'backup registrar ip': '',
  vmail: '',
};

const otherAccounts = (accounts: number): Setting[] =>
  Array.from({ length: Math.max(0, accounts - 1) }, (_, index) => line(index + 2, emptyLine)).flat();

/** What a user can switch on at the phone, off; and no list that the next one could read. */
function callSettings({ pickupCode }: ConfigSheet): Setting[] {
  return [
    ['sip use basic codecs', 0],
    ['sip customized codec', 'payload=8;ptime=20;silsupp=off,payload=0;ptime=20;silsupp=off'],
    ['sip silence suppression', 0],
    ['sip out-of-band dtmf', 1],
    ['sip dtmf method', 0],
    ['sip explicit mwi subscription', 0],
    ['call forward disabled', 1],
    ['call waiting', 1],
    ['callers list disabled', 1],
    ['redial disabled', 1],
    ['missed calls indicator disabled', 1],
    ['directory disabled', 1],
    ['directed call pickup', 1],
    ['directed call pickup prefix', pickupCode],
  ];
}

/** The factory's plan sends a number at its second star; this one takes any until `#` or the time-out. */
const dialSettings: readonly Setting[] = [
  ['sip dial plan', '[x*]+^'],
  ['sip dial plan terminator', 1],
  ['sip digit timeout', 4],
  ['live dialpad', 0],
];

const languages = {
  en: { number: 0, file: '', tones: 'UK', input: 'English' },
  de: { number: 1, file: 'lang_de.txt', tones: 'Germany', input: 'German' },
} as const;

function siteSettings({ timeZone, language }: ConfigSheet['site']): Setting[] {
  const { number, file, tones, input } = languages[language];
  const { offsetMinutes = 0, summer } = zoneRule(timeZone) ?? {};
  return [
    ['language 1', file],
    ['language', number],
    ['web language', number],
    ['input language', input],
    ['tone set', tones],
    ['time server disabled', 0],
    ['time server1', 'pool.ntp.org'],
    ['time server2', ''],
    ['time format', 1],
    ['time zone name', 'Custom'],
    ['time zone minutes', offsetMinutes === 0 ? 0 : -offsetMinutes], // westwards
    ['dst config', summer === undefined ? 0 : 3],
    ...(summer === undefined
      ? []
      : ([
          ['dst minutes', summer.savedMinutes],
          ['dst [start|end] relative date', 1],
          ...change('start', summer.start),
          ...change('end', summer.end),
        ] as Setting[])),
  ];
}

/** Weekdays from 1, Sunday; week -1 is the last. */
const change = (which: 'start' | 'end', { month, week, weekday, hour }: Change): Setting[] => [
  [`dst ${which} month`, month],
  [`dst ${which} week`, week === 5 ? -1 : week],
  [`dst ${which} day`, (weekday % 7) + 1],
  [`dst ${which} hour`, hour],
];

/** Where files come from, and that nothing else may change the phone. */
function updateSettings({ url, adminPassword }: ConfigSheet): Setting[] {
  const { protocol, hostname, port, pathname } = new URL(url);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  return [
    ['download protocol', scheme.toUpperCase()],
    [`${scheme} server`, hostname],
    [`${scheme} port`, port === '' ? (scheme === 'https' ? 443 : 80) : port],
    [`${scheme} path`, pathname.slice(1, -1)],
    ['dhcp config option override', -1], // none of them
    ['contact rcs', 0],
    ['auto resync mode', 1],
    ['auto resync time', '03:00'],
    ['admin password', adminPassword],
    ['user password', adminPassword],
  ];
}

/** The phone takes a password of digits alone: nine, made of the device's own. */
function digitsOf(password: string): string {
  const number = createHash('sha256').update(password).digest().readUIntBE(0, 6) % 1_000_000_000;
  return String(number).padStart(9, '0');
}

const keyTypes = { none: 'none', line: 'line', speeddial: 'speeddial', blf: 'blf', park: 'park' } as const;

function keySettings({ model, keys }: ConfigSheet): Setting[] {
  return [
    ...areaKeys(model, keys).flatMap(({ area, index, key }) => oneKey(`${area.name}${index}`, key)),
    ...expansionKeys(model, keys).flatMap(({ module, index, key }) =>
      oneKey(`expmod${module} key${index}`, key),
    ),
  ];
}

function oneKey(name: string, key: LaidKey | undefined): Setting[] {
  const { type = 'none', value = '', label = '' } = key ?? {};
  return [
    [`${name} type`, keyTypes[type]],
    [`${name} value`, type === 'park' ? `asterisk;${value}` : value],
    [`${name} label`, label],
    [`${name} line`, 1],
  ];
}
