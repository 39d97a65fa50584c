/**
 * A Yealink.
 *
 *     #!version:1.0.0.1              must be the first line of every file
 *     include:config "066.cfg"       in a boot file: what to fetch next
 *     overwrite_mode = 1             in a boot file: forget what no file mentions
 *     account.1.label = 101 Anna     a setting
 *     account.1.label = %NULL%       back to the factory's value
 *     account.1.label =              says nothing: the old value stays
 *     security.user_password = a:b   the password of a
 *
 * It asks for a boot file; without one for its model's file; then for its own.
 */

import {
  type ConfigFile,
  Gathered,
  isCheckSync,
  type KeyPlace,
  linesOf,
  type Make,
  type PhoneModel,
  reject,
  type Settings,
  saysReboot,
  spelt,
  toAccount,
} from './make.ts';

const model = (
  name: string,
  common: number,
  firmware: string,
  keys: number,
  accounts: number,
): PhoneModel => ({
  name,
  common: `y${String(common).padStart(12, '0')}.cfg`,
  firmware,
  keys: [['linekey', keys]],
  accounts,
});

export const yealink: Make = {
  // biome-ignore format: a table
  models: [
    model('T27G', 69,  '69.86.0.15',  21, 6),
    model('T31G', 123, '124.86.0.15', 2,  2),
    model('T33G', 124, '124.86.0.15', 12, 4),
    model('T42S', 67,  '66.86.0.15',  15, 12),
    model('T43U', 107, '108.86.0.15', 21, 12),
    model('T46S', 66,  '66.86.0.15',  27, 16),
    model('T46U', 108, '108.86.0.15', 27, 16),
  ],
  userAgent,
  httpUserAgent: (phone, mac) => `${userAgent(phone)} ${spelt(mac, ':')}`,
  files: ({ mac, model: { common = '' } }) => [[`${mac}.boot`, 'y000000000000.boot', common], [`${mac}.cfg`]],
  parse,

  accountOf(memory) {
    const read = (key: string) => memory.get(`account.1.${key}`) ?? '';
    return toAccount({
      isOn: read('enable') === '1',
      userName: read('user_name'),
      authName: read('auth_name'),
      password: read('password'),
      label: read('label'),
      displayName: read('display_name'),
      host: read('sip_server.1.address'),
      port: read('sip_server.1.port'),
      transport: transports[Number(read('sip_server.1.transport_type'))],
      expires: read('sip_server.1.expires'),
    });
  },

  /** Until told otherwise the first ones show an account each. */
  keyAt(memory: Settings, { position }: KeyPlace, { accounts }: PhoneModel) {
    const read = (key: string) => memory.get(`linekey.${position}.${key}`) ?? '';
    const number = read('type') || (position <= accounts ? '15' : '0');
    return { type: keyTypes[number] ?? `type ${number}`, value: read('value'), label: read('label') };
  },

  /**
   * `sip.notify_reboot_enable`: 0 reboots when the NOTIFY says so, 1 (the factory's value)
   * always, 2 takes no notice of check-sync at all.
   */
  onCheckSync(memory, event) {
    const mode = memory.get('sip.notify_reboot_enable') ?? '1';
    if (!isCheckSync(event)) return undefined;
    if (mode === '2') return 'ignore';
    return mode === '1' || saysReboot(event) ? 'reboot' : 'update';
  },

  isCareful: (memory) =>
    ['sip.trust_ctrl', 'account.1.sip_trust_ctrl'].some((key) => memory.get(key) === '1'),
  asksWho: () => false,
  authorityOf: (memory) => memory.get('static.trusted_certificates.url'),
};

function userAgent({ name, firmware }: PhoneModel): string {
  return `Yealink SIP-${name} ${firmware}`;
}

/** By `transport_type`; 3, which asks the DNS, is not among them. */
const transports = ['udp', 'tcp', 'tls'] as const;

const keyTypes: Record<string, string> = {
  0: 'none',
  10: 'park',
  11: 'dtmf',
  12: 'voicemail',
  13: 'speeddial',
  14: 'intercom',
  15: 'line',
  16: 'blf',
  17: 'url',
  39: 'blf-list',
};

function parse(text: string, name: string): ConfigFile {
  const [first = '', ...lines] = linesOf(text);
  if (!/^#!version:1\.0\.0\.1\s*$/.test(first)) throw reject(name, 'line 1 is not "#!version:1.0.0.1"');
  const file = new Gathered(name);
  for (const line of lines.map((each) => each.trim())) takeLine(line, file);
  return file;
}

/** A line of this name for each user, who stands in its value. */
const isOfUser = /^(?:static\.)?security\.user_password$/;

function takeLine(line: string, file: Gathered): void {
  if (line === '' || line.startsWith('#')) return;
  const include = /^include:config\s*[<"]?([^<>"]+?)[>"]?$/.exec(line)?.[1];
  const [, key, value = ''] = /^([A-Za-z0-9_.-]+)\s*=\s*(.*)$/.exec(line) ?? [];
  const [, user, password] = /^(\w+):(.*)$/.exec(value) ?? [];
  if (include !== undefined) file.include(include);
  else if (key === undefined) file.skipped++;
  else if (isOfUser.test(key) && user !== undefined) file.set(`${key} ${user}`, password);
  else if (key === 'overwrite_mode') file.isOverwriting = value === '1';
  else if (value !== '') file.set(key, /^%null%$/i.test(value) ? undefined : value);
}
