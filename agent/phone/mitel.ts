/**
 * A Mitel (Aastra): one `name: value` a line; `#` begins a comment, a `^` before
 * the name makes the value win over what was changed at the phone.
 *
 * It asks for the file of all phones, by its new name or its old one, and then
 * for its own, in capitals.
 */

import {
  type ConfigFile,
  Gathered,
  isCheckSync,
  type KeyArea,
  linesOf,
  type Make,
  type PhoneModel,
  saysReboot,
  spelt,
  toAccount,
} from './make.ts';

const model = (name: string, firmware: string, ...keys: KeyArea[]): PhoneModel => ({
  name,
  firmware,
  keys,
  accounts: 9,
});

export const mitel: Make = {
  models: [
    model('6863i', '4.5.0.41', ['prgkey', 3]),
    model('6865i', '4.5.0.41', ['prgkey', 8]),
    model('6867i', '4.5.0.41', ['topsoftkey', 20], ['softkey', 18]),
    model('6920', '6.4.0.140', ['topsoftkey', 10]),
    model('6930', '6.4.0.140', ['topsoftkey', 22]),
  ],
  userAgent: (phone) => `${brandOf(phone)} ${phone.name}/${phone.firmware}`,
  httpUserAgent: (phone, mac) =>
    `${brandOf(phone)}${phone.name} MAC:${spelt(mac.toUpperCase(), '-')} V:${phone.firmware}-SIP`,
  contactParams: (mac) => `;+sip.instance="<urn:uuid:00000000-0000-1000-8000-${mac.toUpperCase()}>"`,
  files: ({ mac }) => [['startup.cfg', 'aastra.cfg'], [`${mac.toUpperCase()}.cfg`]],
  parse,

  accountOf(memory) {
    const read = (key: string) => memory.get(`sip line1 ${key}`) ?? '';
    return toAccount({
      isOn: true,
      userName: read('user name'),
      authName: read('auth name'),
      password: read('password'),
      label: read('screen name'),
      displayName: read('display name'),
      host: read('registrar ip'),
      port: read('registrar port'),
      transport: transports[memory.get('sip transport protocol') ?? ''],
      expires: memory.get('sip registration period') ?? '',
    });
  },

  keyAt(memory, { area, index }) {
    const read = (part: string) => memory.get(`${area}${index} ${part}`) ?? '';
    const type = read('type') || 'none';
    const value = read('value');
    return { type, value: type === 'park' ? value.replace(/^\w+;/, '') : value, label: read('label') };
  },

  onCheckSync(_memory, event) {
    if (!isCheckSync(event)) return undefined;
    return saysReboot(event) ? 'reboot' : 'update';
  },

  isCareful: (memory) => memory.get('sip whitelist') === '1',
  asksWho: () => false,
  authorityOf: (memory) => memory.get('sips trusted certificates') || undefined,
};

const brandOf = ({ name }: PhoneModel) => (name.endsWith('i') ? 'Aastra' : 'Mitel');

const transports: Readonly<Record<string, 'udp' | 'tcp' | 'tls'>> = { 1: 'udp', 2: 'tcp', 4: 'tls' };

function parse(text: string, name: string): ConfigFile {
  const file = new Gathered(name);
  for (const line of linesOf(text).map((each) => each.trim())) {
    const [, setting, value = ''] = /^\^?([a-z][^:]*?)\s*:\s*(.*)$/i.exec(line) ?? [];
    if (setting !== undefined) file.set(setting, value.replace(/^"(.*)"$/, '$1'));
    else if (line !== '' && !line.startsWith('#')) file.skipped++;
  }
  return file;
}
