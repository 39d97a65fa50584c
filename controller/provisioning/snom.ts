/**
 * Snom's config file: XML, a `<phone-settings>` list and a `<functionKeys>` list.
 *
 * A phone keeps whatever a file does not mention, so a file says everything. Each
 * setting is `perm="R"`: not for the user to change, and written over by the next
 * file. (`!` would keep what the last user set.) Keys count from 0, and the keys
 * of expansion modules go on where the phone's end.
 *
 * All text goes through `toXml`: nothing in a name can make a setting.
 */

import { formatHostPort } from '#protocol/address.ts';
import { expansionKeys } from './areas.ts';
import type { Model } from './model.ts';
import { type Change, zoneRule } from './time-zone.ts';
import type { ConfigSheet, Vendor } from './vendor.ts';
import { toXml, xmlHead } from './xml.ts';

type Setting = readonly [name: string, value: string | number, index?: number];

const registerSeconds = 600;

export const snom: Vendor = {
  trustsCa: true,
  contentType: 'text/xml; charset=utf-8',
  fileOf(name, { mac }) {
    // By an URL of its own, then as a phone that was given a folder asks: old firmware without the D (`snom715`).
    if (name === `${mac}.xml` || (byModel.test(name) && name.endsWith(`-${mac}.htm`)))
      return { type: 'config' };
    return byModel.test(name) && !name.includes('-') ? { type: 'fixed', text: nothing } : undefined;
  },
  absent: /^(?:snom[0-9a-z]*-firmware\.(?:htm|xml)|(?:gui|web)_lang_?[0-9a-z_]*\.xml)$/,
  format: formatSnom,
};

const nothing = `${xmlHead}<settings>\n</settings>\n`;

const byModel = /^snom[0-9a-z]{3,8}(?:-[0-9a-f]{12})?\.htm$/;

function formatSnom(sheet: ConfigSheet): string {
  const settings = [
    ...updateSettings(sheet),
    ...accountSettings(sheet),
    ...otherAccounts(sheet.model),
    ...personalSettings(sheet.model),
    ...dialSettings,
    ...siteSettings(sheet.site),
  ];
  const lines = settings.map(([name, value, index]) => {
    const at = index === undefined ? '' : ` idx="${index}"`;
    return `  <${name}${at} perm="R">${toXml(value)}</${name}>`;
  });
  return [
    `${xmlHead}<settings>`,
    ' <phone-settings e="2">',
    ...lines,
    ' </phone-settings>',
    ' <functionKeys e="2">',
    ...keyLines(sheet),
    ' </functionKeys>',
    ' <tbook e="2" complete="true"></tbook>', // the whole address book: nobody
    ...trust(sheet),
    '</settings>',
    '',
  ].join('\n');
}

/** By TLS the phone is given the site's own CA. */
function trust({ caUrl }: ConfigSheet): string[] {
  if (caUrl === undefined) return [];
  return [' <certificates>', `  <certificate url="${toXml(caUrl)}"/>`, ' </certificates>'];
}

function accountSettings({ account, sip, site }: ConfigSheet): Setting[] {
  return [
    ['user_active', 'on', 1],
    ['user_realname', account.displayName, 1],
    ['user_idle_text', account.label, 1],
    ['user_idle_number', '', 1],
    ['user_name', account.userName, 1],
    ['user_pname', account.authName, 1],
    ['user_pass', account.password, 1],
    ['user_host', formatHostPort(sip), 1],
    ['user_outbound', `${formatHostPort(sip)};transport=${site.transport}`, 1],
    ['user_expiry', registerSeconds, 1],
    ['user_mailbox', '', 1],
    ['user_srtp', 'off', 1],
    ['user_savp', 'off', 1],
    ['user_auth_tag', 'off', 1],
    ['user_dtmf_info', 'off', 1], // RFC 4733: telephone-event is in the codec list
    ['user_dp_str', '', 1],
    ['codec_priority_list', 'pcma,pcmu,telephone-event', 1],
  ];
}

/** Identities 2 to the phone's last: a user may have set one up. */
function otherAccounts({ accounts }: Model): Setting[] {
  return Array.from({ length: Math.max(0, accounts - 1) }, (_, index) => index + 2).flatMap(
    (index): Setting[] => [
      ['user_active', 'off', index],
      ['user_realname', '', index],
      ['user_idle_text', '', index],
      ['user_idle_number', '', index],
      ['user_name', '', index],
      ['user_pname', '', index],
      ['user_pass', '', index],
      ['user_host', '', index],
      ['user_outbound', '', index],
      ['user_mailbox', '', index],
    ],
  );
}

/**
 * What a user can switch on at the phone, off; and no list that the next one could read. Forwarding and
 * do-not-disturb are of each identity; before firmware 8.9 they were of the phone (`redirect_…`).
 */
function personalSettings({ accounts }: Model): Setting[] {
  return [
    ...Array.from({ length: accounts }, (_, index) => index + 1).flatMap((index): Setting[] => [
      ['fwd_all_enabled', 'off', index],
      ['fwd_all_target', '', index],
      ['fwd_busy_enabled', 'off', index],
      ['fwd_busy_target', '', index],
      ['fwd_time_enabled', 'off', index],
      ['fwd_time_target', '', index],
      ['dnd_mode', 'off', index],
      ['call_waiting', 'on', index],
      ['user_auto_connect', 'off', index],
    ]),
    ['redirect_event', 'none'],
    ['redirect_number', ''],
    ['redirect_busy_number', ''],
    ['redirect_time_number', ''],
    ['redirect_time', ''],
    ['dnd_mode', 'off'],
    ['call_waiting', 'on'],
    ['privacy_out', 'off'],
    ['privacy_in', 'off'],
    ['auto_redial', 'off'],
    ['keyboard_lock', 'off'],
    ['keyboard_lock_pw', ''],
    ['record_missed_calls', 'off', 1],
    ['record_received_calls', 'off', 1],
    ['record_dialed_calls', 'off', 1],
    ...Array.from({ length: speedDials }, (_, index): Setting => ['speed', '', index]),
  ];
}

/** The phone's own list of short numbers: 0 to 30, `#` and `*`. */
const speedDials = 33;

/** So that `*77*100*` leaves the phone as it was typed, and with a voice to it. */
const dialSettings: readonly Setting[] = [
  ['dialnumber_us_format', 'off'],
  ['guess_number', 'off'],
  ['auto_dial', 'off'],
  ['preselection_nr', ''],
  ['send_starcodes_with_audio', 'on'],
];

const languages = {
  en: { name: 'English', tones: 'GBR' },
  de: { name: 'Deutsch', tones: 'GER' },
} as const;

function siteSettings({ language, timeZone }: ConfigSheet['site']): Setting[] {
  const { name, tones } = languages[language];
  const { offsetMinutes = 0, summer } = zoneRule(timeZone) ?? {};
  return [
    ['language', name],
    ['web_language', name],
    ['tone_scheme', tones],
    ['ntp_server', 'pool.ntp.org'],
    ['timezone', ''], // the offset and the rule below count where no zone is named
    ['utc_offset', offsetMinutes * 60],
    ['dst', summer === undefined ? '' : `${summer.savedMinutes * 60} ${at(summer.start)} ${at(summer.end)}`],
  ];
}

/** `03.05.07 02:00:00`: month, week (5: the last), weekday (7: Sunday), and the hour. */
function at({ month, week, weekday, hour }: Change): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(month)}.${two(week)}.${two(weekday)} ${two(hour)}:00:00`;
}

/** Where files come from, and who may tell the phone to fetch them. The first one must stand near the top. */
function updateSettings({ url, adminPassword }: ConfigSheet): Setting[] {
  return [
    ['auto_reboot_on_setting_change', 'off'],
    ['setting_server', `${url}{mac}.xml`],
    ['update_policy', 'settings_only'],
    ['pnp_config', 'off'],
    ['checksync_action', ''], // the NOTIFY says whether to restart
    ['filter_registrar', 'on'], // requests from where it registers, and from nobody else
    ['challenge_response', 'off'],
    ['challenge_checksync', 'off'],
    ['admin_mode', 'off'],
    ['admin_mode_password', adminPassword],
    ['admin_mode_password_confirm', adminPassword],
    ['http_user', 'admin'],
    ['http_pass', adminPassword],
    ['webserver_admin_name', 'admin'],
    ['webserver_admin_password', adminPassword],
    ['webserver_user_name', 'user'],
    ['webserver_user_password', adminPassword],
    ['logon_wizard', 'off'],
  ];
}

function keyLines({ model, keys, pickupCode }: ConfigSheet): string[] {
  const own = Array.from({ length: model.keysWritten }, (_, index) => keys[index]);
  const all = [...own, ...expansionKeys(model, keys).map(({ key }) => key)];
  return all.map((key, index) => {
    const action = key === undefined ? 'none' : actions[key.type](key.value, pickupCode);
    const label = key === undefined ? '' : toXml(key.label);
    return `  <fkey idx="${index}" context="active" label="${label}" perm="R">${toXml(action)}</fkey>`;
  });
}

const actions = {
  none: () => 'none',
  line: () => 'line',
  speeddial: (value: string) => `speed ${value}`,
  blf: (value: string, pickupCode: string) => `blf ${value}|${pickupCode}`,
  park: (value: string) => `orbit ${value}`,
} as const;
