/**
 * A Poly: XML whose attributes are the settings, whatever the elements are
 * called. It asks for its master file, else for everybody's, and then for the
 * files that `CONFIG_FILES` there names.
 *
 * Where `lineKey.reassignment.enabled` is 1, a key is a line, the next of the
 * attendant's list (BLF), or a macro (EFK).
 */

import {
  type ConfigFile,
  Gathered,
  isCheckSync,
  type Key,
  type Make,
  noKey,
  type PhoneModel,
  type Settings,
  saysReboot,
  toAccount,
} from './make.ts';
import { type Element, parseXml } from './xml.ts';

const model = (name: string, keys: number): PhoneModel => ({
  name,
  firmware: '5.9.5.0614',
  keys: [['lineKey', keys]],
  accounts: keys,
});

export const poly: Make = {
  models: [model('VVX250', 4), model('VVX350', 6), model('VVX450', 12), model('VVX601', 16)],
  userAgent,
  httpUserAgent: (phone) => `FileTransport ${userAgent(phone)} Type/Application`,
  files: ({ mac }) => [[`${mac}.cfg`, '000000000000.cfg']],
  parse,

  accountOf(memory) {
    const read = (key: string) => memory.get(`reg.1.${key}`) ?? '';
    return toAccount({
      isOn: read('server.1.register') !== '0',
      userName: read('address'),
      authName: read('auth.userId'),
      password: read('auth.password'),
      label: read('label'),
      displayName: read('displayName'),
      host: read('server.1.address'),
      port: read('server.1.port'),
      transport: transports[read('server.1.transport')],
      expires: read('server.1.expires'),
    });
  },

  keyAt(memory, { position }) {
    if (memory.get('lineKey.reassignment.enabled') !== '1')
      return position === 1 ? { ...noKey, type: 'line' } : noKey;
    return kinds[categoryOf(memory, position)]?.(memory, position) ?? noKey;
  },

  /** `alwaysReboot`: 1, as it leaves the factory, restarts whatever changed. */
  onCheckSync(memory, event) {
    if (!isCheckSync(event)) return undefined;
    const isGentle = memory.get('voIpProt.SIP.specialEvent.checkSync.alwaysReboot') === '0';
    return isGentle && !saysReboot(event) ? 'update' : 'reboot';
  },

  isCareful: () => false,
  asksWho: () => false,
  authorityOf: () => undefined,
};

function userAgent({ name, firmware }: PhoneModel): string {
  return `PolycomVVX-${name.replace(/^VVX/, 'VVX_')}-UA/${firmware}`;
}

const transports: Readonly<Record<string, 'udp' | 'tcp' | 'tls'>> = {
  UDPOnly: 'udp',
  TCPOnly: 'tcp',
  TLS: 'tls',
};

const categoryOf = (memory: Settings, position: number) =>
  memory.get(`lineKey.${position}.category`) ?? (position === 1 ? 'Line' : 'Unassigned');

const kinds: Readonly<Record<string, (memory: Settings, position: number) => Key>> = {
  Line: () => ({ ...noKey, type: 'line' }),

  BLF(memory, position) {
    const before = Array.from({ length: position }, (_, at) => categoryOf(memory, at + 1));
    const entry = `attendant.resourceList.${before.filter((each) => each === 'BLF').length}`;
    const value = memory.get(`${entry}.address`) ?? '';
    return value === '' ? noKey : { type: 'blf', value, label: memory.get(`${entry}.label`) ?? '' };
  },

  /** Of macros the one that calls a number is known: `101$Tinvite$`. */
  EFK(memory, position) {
    const macro = `efk.efklist.${memory.get(`lineKey.${position}.index`) ?? ''}`;
    const isOn =
      memory.get('feature.enhancedFeatureKeys.enabled') === '1' && memory.get(`${macro}.status`) === '1';
    const value = /^(.*)\$Tinvite\$$/.exec(memory.get(`${macro}.action.string`) ?? '')?.[1];
    if (!isOn || value === undefined) return noKey;
    return { type: 'speeddial', value, label: memory.get(`${macro}.label`) ?? '' };
  },
};

function parse(text: string, name: string): ConfigFile {
  const file = new Gathered(name);
  const root = parseXml(text, name);
  if (root.name !== 'APPLICATION') walk(root, file);
  const files = root.name === 'APPLICATION' ? (root.attributes.get('CONFIG_FILES') ?? '') : '';
  for (const each of files.split(',').map((part) => part.trim())) if (each !== '') file.include(each);
  return file;
}

function walk({ attributes, children }: Element, file: Gathered): void {
  for (const [setting, value] of attributes) file.set(setting, value);
  for (const child of children) walk(child, file);
}
