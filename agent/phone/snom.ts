/**
 * A Snom: XML, a `<phone-settings>` list and a `<functionKeys>` list.
 *
 *     <user_name idx="1" perm="R">100</user_name>      user_name 1
 *     <fkey idx="0" label="Ben">blf 101|**</fkey>      fkey 0, fkey 0 label
 *     <certificate url="…"/>                           certificate
 *
 * Where it was given a folder, it asks for its model's file and its own there;
 * once a file names a `setting_server`, for that one alone.
 */

import {
  type ConfigFile,
  Gathered,
  isCheckSync,
  type Key,
  lastPart,
  type Make,
  noKey,
  type PhoneModel,
  reject,
  saysReboot,
  splitHost,
  toAccount,
} from './make.ts';
import { type Element, parseXml } from './xml.ts';

const model = (name: string, keys: number): PhoneModel => ({
  name,
  firmware: '10.1.169.16',
  keys: [['fkey', keys]],
  accounts: 12,
});

export const snom: Make = {
  models: [model('D120', 2), model('D717', 3), model('D735', 32), model('D785', 24), model('D865', 36)],
  userAgent: ({ name, firmware }) => `snom${name}/${firmware}`,
  httpUserAgent: ({ name, firmware }, mac) =>
    `Mozilla/4.0 (compatible; snom${name}-SIP ${firmware} 2010.12 ${mac.toUpperCase()} SXM:0 UXM:0 UXMC:0)`,
  files({ mac, model: { name }, memory }) {
    const digits = mac.toUpperCase();
    const named = lastPart(memory.get('setting_server')).replaceAll('{mac}', digits);
    return named === '' ? [[`snom${name}.htm`], [`snom${name}-${digits}.htm`]] : [[named]];
  },
  parse,

  accountOf(memory) {
    const read = (key: string) => memory.get(`${key} 1`) ?? '';
    const [proxy = '', ...params] = read('user_outbound').split(';');
    const transport = /^transport=(udp|tcp|tls)$/.exec(params.join(';'))?.[1];
    return toAccount({
      isOn: read('user_active') === 'on',
      userName: read('user_name'),
      authName: read('user_pname'),
      password: read('user_pass'),
      label: read('user_idle_text'),
      displayName: read('user_realname'),
      ...splitHost(proxy === '' ? read('user_host') : proxy),
      transport: transport as 'udp' | 'tcp' | 'tls' | undefined,
      expires: read('user_expiry'),
    });
  },

  keyAt(memory, { position }) {
    const text = memory.get(`fkey ${position - 1}`) ?? 'none';
    const label = memory.get(`fkey ${position - 1} label`) ?? '';
    const [word = '', value = ''] = /^(\S+)\s*(.*)$/.exec(text)?.slice(1) ?? [];
    return { ...(actions[word]?.(value) ?? { type: word, value }), label } satisfies Key;
  },

  /** Without a word about it, it restarts; `checksync_action` decides over the NOTIFY. */
  onCheckSync(memory, event) {
    if (!isCheckSync(event)) return undefined;
    const action = memory.get('checksync_action') ?? '';
    if (action !== '')
      return ({ sync: 'update', reboot: 'reboot' }[action] as 'update' | undefined) ?? 'ignore';
    return saysReboot(event) || !/;\s*reboot\s*=\s*false\b/i.test(event) ? 'reboot' : 'update';
  },

  isCareful: (memory) => memory.get('filter_registrar') === 'on',
  asksWho: (memory) => (memory.get('challenge_response') ?? 'on') !== 'off',
  authorityOf: (memory) => memory.get('certificate'),
};

const actions: Readonly<Record<string, (value: string) => Omit<Key, 'label'>>> = {
  none: () => noKey,
  speed: (value) => ({ type: 'speeddial', value }),
  blf: (value) => ({ type: 'blf', value: value.split('|')[0] ?? '' }), // the rest is how to pick up
  orbit: (value) => ({ type: 'park', value }),
};

type Take = (element: Element, file: Gathered) => void;

const lists: Readonly<Record<string, Take>> = {
  'phone-settings'({ name, attributes, text, children }, file) {
    const index = attributes.get('idx');
    if (children.length > 0) file.skipped++;
    else file.set(index === undefined ? name : `${name} ${index}`, text);
  },
  functionKeys({ name, attributes, text }, file) {
    const index = attributes.get('idx') ?? '';
    if (name !== 'fkey' || !/^\d+$/.test(index)) {
      file.skipped++;
      return;
    }
    file.set(`fkey ${index}`, text);
    file.set(`fkey ${index} label`, attributes.get('label') ?? '');
  },
  /** Its contacts, which are counted alone. */
  tbook(_, file) {
    file.set('tbook', String(Number(file.settings.get('tbook') ?? 0) + 1));
  },
  certificates({ attributes }, file) {
    file.set('certificate', attributes.get('url') ?? '');
  },
  'setting-files'({ attributes }, file) {
    file.include(attributes.get('url') ?? '');
  },
};

function parse(text: string, name: string): ConfigFile {
  const root = parseXml(text, name);
  if (root.name !== 'settings' && root.name !== 'setting-files')
    throw reject(name, 'its root is not <settings>');
  const file = new Gathered(name);
  for (const list of root.name === 'settings' ? root.children : [root]) {
    const take = lists[list.name];
    if (list.attributes.get('complete') === 'true') file.set(list.name, '0');
    if (take === undefined) file.skipped++;
    else for (const element of list.children) take(element, file);
  }
  return file;
}
