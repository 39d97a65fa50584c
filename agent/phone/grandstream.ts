/**
 * A Grandstream by names (`config version="2"`), as firmware from 1.0.11.79
 * (GXP21xx) and 1.0.5.15 (GRP26xx) reads them: one `<item>` a setting. Those
 * that know numbers alone: ./grandstream-numbered.ts.
 *
 * Its first VPKs are the lines' own, whatever a file puts on them; of those that
 * follow, the first that is empty ends the row. Of its files the first that the
 * server has is the only one.
 */

import {
  type CheckSync,
  type ConfigFile,
  Gathered,
  isCheckSync,
  type KeyPlace,
  type Make,
  noKey,
  type PhoneModel,
  reject,
  type Settings,
  splitHost,
  toAccount,
} from './make.ts';
import { type Element, parseXml } from './xml.ts';

const model = (name: string, firmware: string, accounts: number, vpk: number, mpk: number): PhoneModel => ({
  name,
  firmware,
  keys: [
    ['vpk', vpk],
    ['mpk', mpk],
  ],
  accounts,
});

export const grandstream: Make = {
  models: [
    model('GRP2612', '1.0.5.67', 4, 16, 0),
    model('GRP2614', '1.0.5.67', 6, 16, 24),
    model('GXP2130', '1.0.11.79', 3, 12, 8),
    model('GXP2160', '1.0.11.79', 6, 24, 24),
  ],
  userAgent: ({ name, firmware }) => `Grandstream ${name} ${firmware}`,
  httpUserAgent: ({ name, firmware }, mac) => `Grandstream Model HW ${name} SW ${firmware} DevId ${mac}`,
  files: ({ mac, model: { name } }) => [
    [`cfg${mac}`, `cfg${mac}.xml`, `cfg${name.toLowerCase()}.xml`, 'cfg.xml'],
  ],
  parse,

  accountOf(memory) {
    const read = (key: string) => memory.get(`account.1.${key}`) ?? '';
    return toAccount({
      isOn: /^(?:yes|1)$/i.test(read('enable')),
      userName: read('sip.userid'),
      authName: read('sip.subscriber.userid'),
      password: read('sip.subscriber.password'),
      label: read('name'),
      displayName: read('sip.subscriber.name'),
      ...splitHost(read('sip.server.1.address')),
      transport: transports[read('sip.transport').toLowerCase()],
      expires: read('sip.registerExpiration'),
      unitSeconds: 60,
    });
  },

  keyAt(memory, place, { accounts }) {
    if (place.area === 'vpk' && place.index <= accounts) return { ...noKey, type: 'line' };
    return isBehindGap(memory, place, accounts) ? noKey : readKey(memory, place.area, place.index);
  },

  onCheckSync: (memory, event) => resync(event, memory.get('account.1.sip.allowSipReset') === 'Yes'),

  isCareful: (memory) => memory.get('account.1.sip.validate.incomingServer') === 'Yes',
  asksWho: (memory) => memory.get('sip.notify.challenge') !== 'Yes',
  authorityOf: () => undefined,
};

/** `resync` fetches, `check-sync` restarts; neither where the account does not allow it, as none does from the factory. */
export function resync(event: string, isAllowed: boolean): CheckSync | undefined {
  const asked = isCheckSync(event) ? 'reboot' : 'update';
  if (asked === 'update' && !/^resync\b/i.test(event)) return undefined;
  return isAllowed ? asked : 'ignore';
}

const transports: Readonly<Record<string, 'udp' | 'tcp' | 'tls'>> = {
  udp: 'udp',
  tcp: 'tcp',
  tlsortcp: 'tls',
};

const keyTypes: Readonly<Record<string, string>> = {
  '': 'none',
  none: 'none',
  line: 'line',
  speeddial: 'speeddial',
  blf: 'blf',
  callpark: 'park',
};

function readKey(memory: Settings, area: string, index: number) {
  const read = (part: string) => memory.get(`pks.${area}.${index}.${part}`) ?? '';
  const mode = read('keyMode').toLowerCase();
  return { type: keyTypes[mode] ?? mode, value: read('value'), label: read('description') };
}

function isBehindGap(memory: Settings, { area, index }: KeyPlace, accounts: number): boolean {
  const before = Array.from({ length: Math.max(0, index - 1 - accounts) }, (_, at) => accounts + at + 1);
  return area === 'vpk' && before.some((each) => readKey(memory, area, each).type === 'none');
}

function parse(text: string, name: string): ConfigFile {
  const root = parseXml(text, name);
  if (root.name !== 'gs_provision') throw reject(name, 'its root is not <gs_provision>');
  const file = new Gathered(name);
  for (const part of root.children) {
    const take = part.name === 'config' ? forms[part.attributes.get('version') ?? '1'] : undefined;
    if (part.name === 'mac') file.mac = part.text.trim().toLowerCase();
    else if (take === undefined) file.skipped++;
    else for (const item of part.children) take(item, file);
  }
  return file;
}

type Take = (item: Element, file: Gathered) => void;

/** By the version of the form: by numbers, by names. A phone reads either, and goes by those it knows. */
const forms: Readonly<Record<string, Take>> = {
  1({ name, text }, file) {
    if (/^P\d+$/.test(name)) file.set(name, text);
    else file.skipped++;
  },
  /** A value, or several `<part>`s of one. */
  2({ name, attributes, children, text }, file) {
    const setting = attributes.get('name') ?? '';
    if (name !== 'item' || setting === '') file.skipped++;
    else if (children.length === 0) file.set(setting, text);
    else for (const part of children) file.set(`${setting}.${part.attributes.get('name') ?? ''}`, part.text);
  },
};
