/**
 * A Fanvil, by XML (by text: ./fanvil-text.ts): a tree of modules, whose leaves are settings by their path.
 *
 *     <sip><line index="1"><PhoneNumber>100</…>      sip/line[1]/PhoneNumber
 *     <dsskey><internal index="2"><Fkey index="1">   dsskey/internal[2]/Fkey[1]/…: each page begins at 1
 *
 * It asks for its model's file, unless told not to, and for its own, by the name
 * that the last file gave it.
 */

import {
  type ConfigFile,
  Gathered,
  isCheckSync,
  type Key,
  type KeyArea,
  lastPart,
  type Make,
  noKey,
  type PhoneModel,
  reject,
  saysReboot,
  toAccount,
} from './make.ts';
import { type Element, parseXml } from './xml.ts';

const model = (name: string, keys: readonly KeyArea[], common?: string): PhoneModel => ({
  name,
  firmware: '2.12.16.17',
  keys,
  accounts: 20,
  ...(common !== undefined && { common }),
});

export const fanvil: Make = {
  // biome-ignore format: a table
  models: [
    model('X5U',    [['dssSide', 4], ['internal', 6, 5]],   'F0V0X5U00000.cfg'),
    model('X5U-V2', [['dssSide', 5], ['internal', 6, 5]],   'F0V5UV200000.cfg'),
    model('X210',   [['dssSide', 10], ['internal', 32, 3]], 'F0V00X200000.cfg'),
    model('V67',    [['internal', 29, 4]],                  'F0V0V6700000.cfg'),
  ],
  userAgent: ({ name, firmware }) => `Fanvil ${name} ${firmware}`,
  httpUserAgent: ({ name, firmware }, mac) => `Fanvil ${name} ${firmware} ${mac}`,
  files({ mac, model: { common }, memory }) {
    const own = lastPart(memory.get('ap/FlashFileName')).replaceAll('$mac', mac) || `${mac}.cfg`;
    return common === undefined || memory.get('ap/DownloadCommonConf') === '0' ? [[own]] : [[common], [own]];
  },
  parse,

  accountOf(memory) {
    const read = (key: string) => memory.get(`sip/line[1]/${key}`) ?? '';
    return toAccount({
      isOn: read('EnableReg') === '1',
      userName: read('PhoneNumber'),
      authName: read('RegisterUser'),
      password: read('RegisterPswd'),
      label: read('SipName'),
      displayName: read('DisplayName'),
      host: read('RegisterAddr'),
      port: read('RegisterPort'),
      transport: transports[read('Transport')],
      expires: read('RegisterTTL'),
    });
  },

  keyAt(memory, { area, page, index }) {
    const read = (part: string) => memory.get(`dsskey/${area}[${page}]/Fkey[${index}]/${part}`) ?? '';
    return { ...toKey(read('Type') || '0', read('Value')), label: read('Title') };
  },

  /** `NotifyReboot`: 1, as it leaves the factory, restarts; 0 only fetches. */
  onCheckSync(memory, event) {
    if (!isCheckSync(event)) return undefined;
    return memory.get('sip/NotifyReboot') === '0' && !saysReboot(event) ? 'update' : 'reboot';
  },

  isCareful: (memory) => memory.get('sip/StrictUAMatch') === '1',
  asksWho: () => false,
  authorityOf: () => undefined,
};

export const transports: Readonly<Record<string, 'udp' | 'tcp' | 'tls'>> = { 0: 'udp', 1: 'tcp', 3: 'tls' };

/** Of a memory key, `number@line/what`: f calls, b watches, c parks. */
export function toKey(type: string, text: string): Omit<Key, 'label'> {
  if (type === '0') return noKey;
  if (type === '2') return { type: 'line', value: '' };
  const [, value = '', what = ''] = /^(.*)@\d+\/(.)/.exec(text) ?? [];
  const known = type === '1' ? { f: 'speeddial', b: 'blf', c: 'park' }[what] : undefined;
  return known === undefined ? { type: `type ${type}`, value: text } : { type: known, value };
}

function parse(text: string, name: string): ConfigFile {
  const root = parseXml(text, name);
  if (root.name !== 'sysConf') throw reject(name, 'its root is not <sysConf>');
  const file = new Gathered(name);
  for (const child of root.children) walk(child, '', file);
  return file;
}

function walk({ name, attributes, children, text }: Element, above: string, file: Gathered): void {
  const index = attributes.get('index');
  const path = `${above}${name}${index === undefined ? '' : `[${index}]`}`;
  for (const child of children) walk(child, `${path}/`, file);
  if (children.length === 0) file.set(path, text);
}
