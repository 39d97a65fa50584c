/**
 * Yealink configuration as the phone reads it.
 *
 *     #!version:1.0.0.1              must be the first line of every file
 *     include:config "066.cfg"       in a boot file: what to fetch next
 *     overwrite_mode = 1             in a boot file: forget what no file mentions
 *     account.1.label = 101 Anna     a setting
 *     account.1.label = %NULL%       back to the factory's value
 *     account.1.label =              says nothing: the old value stays
 *
 * Files are deltas: `applySettings` changes what they mention in the phone's
 * memory, and everything else stays as the last file left it. That is what the
 * real phones do, and what the controller's complete files are tested against.
 */

import { Fault } from '#protocol/fault.ts';

export type YealinkFile = {
  /** In the order of the file; undefined stands for %NULL%. */
  settings: ReadonlyMap<string, string | undefined>;
  includes: readonly string[];
  isOverwriting: boolean;
  /** Lines that are no comment and no setting: skipped, as phones do. */
  skippedLines: number;
};

/** What the phone remembers. A setting that is absent has the factory's value. */
export type Memory = Map<string, string>;

const maxSettings = 10_000;
const maxIncludes = 16;

/** Throws `input.invalid`. */
export function parseYealink(text: string, name = 'config'): YealinkFile {
  const [first = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  if (!/^#!version:1\.0\.0\.1\s*$/.test(first)) {
    throw new Fault('input.invalid', `${name}: line 1 is not "#!version:1.0.0.1"`, { field: 'line 1' });
  }

  const settings = new Map<string, string | undefined>();
  const includes: string[] = [];
  let skippedLines = 0;
  for (const line of lines.map((text) => text.trim())) {
    const include = /^include:config\s*[<"]?([^<>"]+?)[>"]?$/.exec(line)?.[1];
    const [, key, value] = /^([A-Za-z0-9_.-]+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (include !== undefined) includes.push(include);
    else if (key !== undefined && value !== undefined) set(settings, key, value);
    else if (line !== '' && !line.startsWith('#')) skippedLines++;
  }
  if (settings.size > maxSettings || includes.length > maxIncludes) {
    throw new Fault('limit.reached', `${name}: more settings or includes than the phone has room for`);
  }

  const isOverwriting = settings.get('overwrite_mode') === '1';
  settings.delete('overwrite_mode');
  return { settings, includes, isOverwriting, skippedLines };
}

function set(settings: Map<string, string | undefined>, key: string, value: string): void {
  if (value !== '') settings.set(key, value === '%NULL%' ? undefined : value);
}

export function applySettings(memory: Memory, { settings }: Pick<YealinkFile, 'settings'>): void {
  for (const [key, value] of settings) {
    if (value === undefined) memory.delete(key);
    else memory.set(key, value);
  }
  if (memory.size > maxSettings)
    throw new Fault('limit.reached', 'more settings than the phone has room for');
}

export type Account = {
  userName: string;
  authName: string;
  password: string;
  label: string;
  displayName: string;
  server: { host: string; port: number; transport: 'udp' | 'tcp' | 'tls' };
  expiresSeconds: number;
};

/** By `transport_type`; 3, which asks the DNS, is not among them. */
const transports = ['udp', 'tcp', 'tls'] as const;

/** Account 1, if it is switched on and says where to register. */
export function accountOf(memory: ReadonlyMap<string, string>): Account | undefined {
  const read = (key: string, byDefault = '') => memory.get(`account.1.${key}`) ?? byDefault;
  const userName = read('user_name');
  const host = read('sip_server.1.address');
  if (read('enable') !== '1' || userName === '' || host === '') return undefined;
  return {
    userName,
    authName: read('auth_name', userName),
    password: read('password'),
    label: read('label', userName),
    displayName: read('display_name'),
    server: {
      host,
      port: numberOf(read('sip_server.1.port'), 5060, 65_535),
      transport: transports[Number(read('sip_server.1.transport_type', '0'))] ?? 'udp',
    },
    expiresSeconds: numberOf(read('sip_server.1.expires'), 3_600, 2_147_483_647),
  };
}

export const isSameAccount = (a: Account | undefined, b: Account | undefined) =>
  JSON.stringify(a) === JSON.stringify(b);

export type LineKey = { position: number; type: string; value: string; label: string };

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

/** Every line key that shows something. Until told otherwise the first ones show an account each. */
export function lineKeysOf(
  memory: ReadonlyMap<string, string>,
  { keys, accounts }: { keys: number; accounts: number },
): LineKey[] {
  const shown: LineKey[] = [];
  for (let position = 1; position <= keys; position++) {
    const read = (key: string) => memory.get(`linekey.${position}.${key}`) ?? '';
    const number = read('type') || (position <= accounts ? '15' : '0');
    const type = keyTypes[number] ?? `type ${number}`;
    if (type !== 'none') shown.push({ position, type, value: read('value'), label: read('label') });
  }
  return shown;
}

/**
 * `sip.notify_reboot_enable`: 0 reboots when the NOTIFY says so, 1 (the factory's value)
 * always, 2 takes no notice of check-sync at all.
 */
export function onCheckSync(
  memory: ReadonlyMap<string, string>,
  event: string,
): 'ignore' | 'update' | 'reboot' {
  const mode = memory.get('sip.notify_reboot_enable') ?? '1';
  if (mode === '2') return 'ignore';
  return mode === '1' || /;\s*reboot\s*=\s*true/i.test(event) ? 'reboot' : 'update';
}

function numberOf(text: string, byDefault: number, most: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return number >= 1 && number <= most ? number : byDefault;
}

/** What the display says of the account. */
export function toShown(account: Account | undefined): {
  account: string;
  label: string;
  displayName: string;
} {
  const { userName = '', label = '', displayName = '' } = account ?? {};
  return { account: userName, label, displayName };
}
