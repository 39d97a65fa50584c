/**
 * Yealink's config files: `#!version:1.0.0.1`, then one `name = value` a line.
 *
 * A phone keeps whatever a file does not mention, so a file says everything: all
 * keys it may have, all other accounts, forwarding, voicemail, histories. What is
 * to be empty is `%NULL%`, which a phone reads as "as it left the factory".
 *
 * All lines come from `formatSettings`, which lets no value end its line: nothing
 * in a name can make a setting. Names of settings are constants of this file.
 */

import type { LaidKey } from '#controller/layout/layout.ts';
import { expansionKeys } from './areas.ts';
import type { Model } from './model.ts';
import { type Change, zoneRule } from './time-zone.ts';
import { type ConfigSheet, toLine, type Vendor } from './vendor.ts';

export type Setting = readonly [name: string, value: string | number | undefined];

const header = '#!version:1.0.0.1';
const registerSeconds = 600;
const repeatMinutes = 1440;

export const yealink: Vendor = {
  contentType: 'text/plain; charset=utf-8',
  trustsCa: true,
  fileOf(name, { mac }, { commonFile }) {
    const own = `${mac}.cfg`;
    if (name === own) return { type: 'config' };
    if (name === `${mac}.boot` || name === 'y000000000000.boot')
      return { type: 'fixed', text: formatBoot(own) };
    if (name === contactsFile) return { type: 'fixed', text: noContacts };
    return name === commonFile ? { type: 'fixed', text: emptyConfig } : undefined;
  },
  /** Its own part of the config, contacts and call lists, as another server had it send them in; and another model's. */
  absent: /^(?:[0-9a-f]{12}-(?:local\.cfg|(?:contact|calllog)\.xml)|y0{9}\d{3}\.(?:boot|cfg))$/,
  format: formatYealink,
};

function formatYealink(input: ConfigSheet): string {
  const settings = [
    ...accountSettings(input),
    ...otherAccounts(input.model.accounts),
    ...callSettings,
    ...privacySettings(input),
    ...dialSettings,
    ...siteSettings(input.site),
    ...trustSettings(input),
    ...updateSettings(input),
    ...keySettings(input),
  ];
  return formatSettings(isOld(input.model) ? [...settings, ...asBefore(settings, input)] : settings);
}

/** Sold with firmware before V81, and it may still be there. */
const isOld = ({ model }: Pick<Model, 'model'>) => /^T[24]\d[PG]/.test(model);

/**
 * Firmware before V81 (2016) knows nothing that begins with `static.`: the device's password and where its
 * files come from had names without it. V73 has the transport by account, not by server.
 */
const asBefore = (settings: readonly Setting[], { site }: ConfigSheet): Setting[] => [
  ['account.1.transport', transports[site.transport]],
  ...settings
    .filter(([name]) => name.startsWith('static.'))
    .map(([name, value]): Setting => [name.slice('static.'.length), value]),
];

/** The boot file: which files to fetch. A phone looks for it beside itself, so the name is enough. */
function formatBoot(file: string): string {
  return `${header}\ninclude:config "${file}"\n`;
}

/** Valid and empty: what phones without a boot file ask for before their own file. */
const emptyConfig = `${header}\n`;

/** What it fetches in the place of the contacts it has. */
const contactsFile = 'no-contacts.xml';
const noContacts = `<?xml version="1.0" encoding="utf-8"?>
<root_group>
 <group display_name="All Contacts" ring=""/>
 <group display_name="Blacklist" ring=""/>
</root_group>
<root_contact>
</root_contact>
`;

export function formatSettings(settings: Iterable<Setting>): string {
  const lines = [header];
  for (const [name, value] of settings) lines.push(`${name} = ${formatValue(value)}`);
  return `${lines.join('\n')}\n`;
}

/**
 * The format has no escapes, so what would be read as something else is replaced:
 * what ends a line, what a display cannot show, and the words of Yealink's own
 * (`%NULL%`, `%EMPTY%`), whose percent signs become wide ones.
 */
function formatValue(value: string | number | undefined): string {
  if (value === undefined) return '%NULL%';
  const line = toLine(value);
  if (line === '') return '%NULL%';
  return /^%\w+%$/.test(line) ? line.replaceAll('%', '\uff05') : line;
}

const transports = { udp: 0, tcp: 1, tls: 2 } as const;

function accountSettings({ account, sip, site }: ConfigSheet): Setting[] {
  return [
    ['account.1.enable', 1],
    ['account.1.label', account.label],
    ['account.1.display_name', account.displayName],
    ['account.1.user_name', account.userName],
    ['account.1.auth_name', account.authName],
    ['account.1.password', account.password],
    ['account.1.sip_server.1.address', sip.address],
    ['account.1.sip_server.1.port', sip.port],
    ['account.1.sip_server.1.transport_type', transports[site.transport]],
    ['account.1.sip_server.1.expires', registerSeconds],
    ['account.1.sip_server.1.retry_counts', 3],
    ['account.1.sip_server.2.address', undefined],
    ['account.1.outbound_proxy_enable', 0],
    ['account.1.outbound_proxy.1.address', undefined],
    ['account.1.outbound_proxy.1.port', undefined],
    ['account.1.unregister_on_reboot', 1],
    ['account.1.sip_trust_ctrl', 1],
    ['account.1.srtp_encryption', 0],
    ['account.1.dtmf.type', 1], // RFC 4733, and never as tones that the other side hears
    ['account.1.dtmf.dtmf_payload', 101],
    ...codecs.flatMap(([codec, priority]): Setting[] => [
      [`account.1.codec.${codec}.enable`, priority > 0 ? 1 : 0],
      [`account.1.codec.${codec}.priority`, priority],
    ]),
    ...personalSettings(1),
  ];
}

/** What one account remembers of its user, or lets a user set. */
function personalSettings(account: number): Setting[] {
  return [
    [`voice_mail.number.${account}`, undefined],
    [`account.${account}.subscribe_mwi`, 0],
    [`account.${account}.subscribe_mwi_to_vm`, 0],
    [`account.${account}.missed_calllog`, 0],
    [`account.${account}.auto_answer`, 0],
    [`account.${account}.anonymous_call`, 0],
    [`account.${account}.reject_anonymous_call`, 0],
    [`account.${account}.dnd.enable`, 0],
    [`account.${account}.always_fwd.enable`, 0],
    [`account.${account}.always_fwd.target`, undefined],
    [`account.${account}.busy_fwd.enable`, 0],
    [`account.${account}.busy_fwd.target`, undefined],
    [`account.${account}.timeout_fwd.enable`, 0],
    [`account.${account}.timeout_fwd.target`, undefined],
    [`account.${account}.dialplan.digitmap.enable`, 0],
  ];
}

/** Order of preference; 0 is off. */
// biome-ignore format: a table
const codecs: readonly (readonly [string, number])[] = [
  ['pcma', 1], ['pcmu', 2], ['g722', 0], ['g729', 0], ['opus', 0], ['ilbc', 0], ['g723_53', 0], ['g723_63', 0],
  ['g726_16', 0], ['g726_24', 0], ['g726_32', 0], ['g726_40', 0],
];

function otherAccounts(accounts: number): Setting[] {
  return Array.from({ length: Math.max(0, accounts - 1) }, (_, index) => index + 2).flatMap(
    (account): Setting[] => [
      [`account.${account}.enable`, 0],
      [`account.${account}.label`, undefined],
      [`account.${account}.display_name`, undefined],
      [`account.${account}.user_name`, undefined],
      [`account.${account}.auth_name`, undefined],
      [`account.${account}.password`, undefined],
      [`account.${account}.sip_server.1.address`, undefined],
      ...personalSettings(account),
    ],
  );
}

/** What a user can switch on at the phone, off: it would hold for whoever sits there next. */
const callSettings: readonly Setting[] = [
  ['features.fwd_mode', 0],
  ['features.fwd.allow', 0],
  ['forward.always.enable', 0],
  ['forward.always.target', undefined],
  ['forward.busy.enable', 0],
  ['forward.busy.target', undefined],
  ['forward.no_answer.enable', 0],
  ['forward.no_answer.target', undefined],
  ['features.dnd_mode', 0],
  ['features.dnd.allow', 0],
  ['features.dnd.enable', 0],
  ['features.hotline_number', undefined],
  ['call_waiting.enable', 1],
  ['auto_redial.enable', 0],
  ['phone_setting.phone_lock.enable', 0],
];

/** No call list and no contact that the next user could read, nor proposed to him while he dials. */
function privacySettings({ url }: ConfigSheet): Setting[] {
  return [
    ['features.save_call_history', 0],
    ['features.save_init_num_to_history.enable', 0],
    ['features.missed_call_popup.enable', 0],
    ['phone_setting.missed_call_power_led_flash.enable', 0],
    ['super_search.recent_call', 0],
    ['search_in_dialing.history.enable', 0],
    ['directory_setting.history.enable', 0],
    ['local_contact.data.url', url + contactsFile],
    ['static.auto_provision.local_calllog.backup.enable', 0],
    ['static.auto_provision.local_contact.backup.enable', 0],
  ];
}

/** So that `*77*100*` leaves the phone as it was typed: no digit map, no `*` for a dot in an address. */
const dialSettings: readonly Setting[] = [
  ['features.direct_ip_call_enable', 0],
  ['features.key_as_send', 1], // `#`
  ['dialplan.digitmap.enable', 0],
  ['dialplan.replace.prefix.1', undefined],
  ['dialplan.replace.replace.1', undefined],
  ['dialplan.dialnow.rule.1', undefined],
  ['dialplan.block_out.number.1', undefined],
  ['dialplan.area_code.code', undefined],
  ['features.config_dsskey_length', 1],
];

const languages = {
  en: { name: 'English', tones: undefined },
  de: { name: 'German', tones: 'Germany' },
} as const;

function siteSettings({ timeZone, language }: ConfigSheet['site']): Setting[] {
  const { name, tones } = languages[language];
  return [
    ['lang.gui', name],
    ['lang.wui', name],
    ['voice.tone.country', tones],
    ['local_time.ntp_server1', 'pool.ntp.org'],
    ['local_time.ntp_server2', undefined],
    ['local_time.dhcp_time', 0],
    ['local_time.time_format', 1],
    ...timeSettings(timeZone),
  ];
}

function timeSettings(timeZone: string): Setting[] {
  const { offsetMinutes = 0, summer } = zoneRule(timeZone) ?? {};
  const hours = Math.floor(Math.abs(offsetMinutes) / 60);
  const minutes = Math.abs(offsetMinutes) % 60;
  const offset = `${offsetMinutes < 0 ? '-' : '+'}${hours}${minutes > 0 ? `:${minutes}` : ''}`;
  return [
    ['local_time.time_zone', offset],
    ['local_time.time_zone_name', undefined],
    ['local_time.summer_time', summer === undefined ? 0 : 1],
    ['local_time.dst_time_type', 1], // by week
    ['local_time.start_time', summer && formatChange(summer.start)],
    ['local_time.end_time', summer && formatChange(summer.end)],
    ['local_time.offset_time', summer?.savedMinutes],
  ];
}

const formatChange = ({ month, week, weekday, hour }: Change) => `${month}/${week}/${weekday}/${hour}`;

/** By TLS the phone takes the site's own CA and no other: any public one could be led to sign an address. */
function trustSettings({ caUrl }: ConfigSheet): Setting[] {
  const isTls = caUrl !== undefined;
  return [
    ['static.trusted_certificates.url', caUrl],
    ['static.security.trust_certificates', isTls ? 1 : undefined],
    ['static.security.ca_cert', isTls ? 1 : undefined], // custom certificates alone
    ['static.security.cn_validation', isTls ? 1 : undefined],
  ];
}

/** Where files come from, and that nothing else may change the phone. */
function updateSettings({ url, adminPassword }: ConfigSheet): Setting[] {
  return [
    ['static.auto_provision.server.url', url],
    ['static.auto_provision.server.username', undefined],
    ['static.auto_provision.server.password', undefined],
    ['static.auto_provision.power_on', 1],
    ['static.auto_provision.repeat.enable', 1],
    ['static.auto_provision.repeat.minutes', repeatMinutes],
    ['static.auto_provision.custom.protect', 0], // what a user changed at the phone goes
    ['static.auto_provision.custom.sync', 0],
    ['static.auto_provision.pnp_enable', 0],
    ['static.auto_provision.dhcp_option.enable', 0],
    ['static.auto_provision.user_agent_mac.enable', 1],
    ['static.zero_touch.enable', 0],
    ['static.managementserver.enable', 0], // TR-069
    ['sip.notify_reboot_enable', 0], // restart only when the NOTIFY says so
    ['sip.trust_ctrl', 1],
    ['features.action_uri.enable', 0],
    ['features.action_uri_limit_ip', undefined],
    // From the factory there is a second one, `user`, with its own name for a password.
    ['static.security.user_password', `user:${adminPassword}`],
    ['static.security.user_password', `admin:${adminPassword}`],
  ];
}

const keyTypes = { none: 0, park: 10, speeddial: 13, line: 15, blf: 16 } as const;

function keySettings({ model, keys, pickupCode }: ConfigSheet): Setting[] {
  const own = Array.from({ length: model.keysWritten }, (_, index) => index).flatMap((index) =>
    oneKey(`linekey.${index + 1}`, index < model.keys ? keys[index] : undefined, pickupCode),
  );
  const beside = expansionKeys(model, keys).flatMap(({ module, index, key }) =>
    oneKey(`expansion_module.${module}.key.${index}`, key, pickupCode),
  );
  return [
    ...own,
    ['features.pickup.direct_pickup_enable', 1],
    ['features.pickup.direct_pickup_code', pickupCode],
    ...beside,
  ];
}

function oneKey(name: string, key: LaidKey | undefined, pickupCode: string): Setting[] {
  const isEmpty = key === undefined || key.type === 'none';
  return [
    [`${name}.type`, keyTypes[key?.type ?? 'none']],
    [`${name}.line`, isEmpty ? undefined : 1],
    [`${name}.value`, isEmpty ? undefined : key.value],
    [`${name}.label`, isEmpty ? undefined : key.label],
    // The code alone: the phone dials it and then the key's value.
    [`${name}.extension`, key?.type === 'blf' ? pickupCode : undefined],
  ];
}
