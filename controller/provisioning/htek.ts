/**
 * Htek's config file: XML whose elements are settings by number (P-codes), with
 * the name of each beside it. Accounts and keys have no regular numbers, so
 * both are tables here.
 *
 * A phone keeps whatever a file does not mention, so a file says everything that
 * is known to hold something of a user.
 */

import { formatHostPort } from '#protocol/address.ts';
import { zoneRule } from './time-zone.ts';
import type { ConfigSheet, Vendor } from './vendor.ts';
import { type Element, formatXml, type Value } from './xml.ts';

/** `para` is for people: a phone reads the number. */
type Setting = readonly [code: number, para: string, value: Value];

const registerMinutes = 10;

export const htek: Vendor = {
  contentType: 'text/xml; charset=utf-8',
  fileOf(name, { mac }, { commonFile }) {
    if (name === `cfg${mac}.xml`) return { type: 'config' };
    return name === commonFile ? { type: 'fixed', text: formatHtek([]) } : undefined;
  },
  /** The binary form, another model's, that of all; its contacts; its firmware. */
  absent: /^(?:cfg[0-9a-f]{12}|cfg(?:\d{4})?\.xml|phonebook\.xml|fw[0-9a-z.]*\.rom)$/,
  format: (sheet) =>
    formatHtek([
      ...updateSettings(sheet),
      ...profileSettings(sheet),
      ...accountSettings(sheet),
      ...siteSettings(sheet.site),
      ...keySettings(sheet),
    ]),
};

function formatHtek(settings: readonly Setting[]): string {
  const items = settings.map(([code, para, value]): Element => [`P${code}`, value, { para }]);
  return formatXml(['hl_provision', [['config', items, { version: 1 }]], { version: 1 }]);
}

const transports = { udp: 0, tcp: 1, tls: 2 } as const;

/** The server's side, which accounts share. */
function profileSettings({ sip, site }: ConfigSheet): Setting[] {
  return [
    [47, 'Profile1_Sipserver', formatHostPort(sip)],
    [967, 'Profile1_FailoverSipserver', ''],
    [48, 'Profile1_OutboundProxy', ''],
    [20_047, 'Profile1_BackUpOutboundProxy', ''],
    [130, 'Profile1_SipTransport', transports[site.transport]],
    [31, 'Profile1_SipRegistration', 1],
    [81, 'Profile1_UnregisterOnReboot', 1],
    [32, 'Profile1_RegisterExpiration', registerMinutes],
    // PCMA and PCMU; the other places must hold something, so the same two again.
    ...[57, 58, 59, 60, 61, 62].map(
      (code, index): Setting => [code, `Profile1_Choice${index + 1}`, index % 2 === 0 ? 8 : 0],
    ),
    [79, 'Profile1_DtmfPayloadType', 101],
    [20_166, 'Profile1_DtmfMode', 0], // RFC 4733
    [851, 'Profile1_DTMFVia2833', 1],
    [850, 'Profile1_DTMFInAudio', 0],
    [852, 'Profile1_DTMFViaSipInfo', 0],
    [183, 'Profile1_SRtpMode', 0],
    [191, 'Profile1_EnableCallFeatures', 0], // the phone's own star codes: forwarding, do not disturb
    [99, 'Profile1_SubscribeForMWI', 0],
    [65, 'Profile1_SendAnonymous', 0],
    [90, 'Profile1_AutoAnswer', 0],
    [72, 'Preference_UsePoundAsDialKey', 1],
  ];
}

type Account = {
  active: number;
  profile: number;
  label: number;
  user: number;
  auth: number;
  password: number;
  display: number;
  voicemail: number;
  dialPlan: number;
  pickup: number;
};

const account = (
  active: number,
  profile: number,
  label: number,
  [user, auth, password, display]: readonly [number, number, number, number],
  [voicemail, dialPlan, pickup]: readonly [number, number, number],
): Account => ({ active, profile, label, user, auth, password, display, voicemail, dialPlan, pickup });

/** The codes of each account, the first at 0. */
// biome-ignore format: a table
const accounts: readonly Account[] = [
  account(   271, 24_082, 20_000, [   35,    36,    34,    3], [   33, 4200,  4705]),
  account(   401, 24_083, 20_001, [  735,   736,   734,  703], [  426, 4201,  4715]),
  account(   501, 24_084, 20_002, [  504,   505,   506,  507], [  526, 4202,  4725]),
  account(   601, 24_085, 20_003, [  604,   605,   606,  607], [  626, 4203,  4735]),
  account(20_360, 24_086, 20_378, [ 1704,  1705,  1706, 1707], [ 1726, 4204, 20_464]),
  account(20_361, 24_087, 20_379, [ 1804,  1805,  1806, 1807], [ 1826, 4205, 20_465]),
  ...Array.from({ length: 10 }, (_, more) =>
    account(
      24_090 + more, 24_088 + more, 24_100 + more,
      [24_110 + more, 24_120 + more, 24_130 + more, 24_140 + more],
      [24_170 + more, 24_180 + more, 24_220 + more],
    ),
  ),
];

function accountSettings({ account: first, model, pickupCode }: ConfigSheet): Setting[] {
  const nobody = { label: '', displayName: '', userName: '', authName: '', password: '' };
  return accounts.slice(0, model.accounts).flatMap((codes, index): Setting[] => {
    const who = index === 0 ? first : nobody;
    const name = `Account${index + 1}`;
    return [
      [codes.active, `${name}_Active`, index === 0 ? 1 : 0],
      ...(index === 0 ? [[codes.profile, `${name}_Profile`, 0] as const] : []),
      [codes.label, `${name}_Label`, who.label],
      [codes.user, `${name}_SipUserId`, who.userName],
      [codes.auth, `${name}_AuthenticateID`, who.authName],
      [codes.password, `${name}_AuthenticatePassword`, who.password],
      [codes.display, `${name}_DispalyName`, who.displayName], // spelt as the phone spells it
      [codes.voicemail, `${name}_VoiceMailId`, ''],
      [codes.dialPlan, `${name}_DialPlan`, '{[x*]+}'], // `*77*100*` goes out as typed
      [codes.pickup, `${name}_DirectCallPickupCode`, pickupCode],
    ];
  });
}

/** The zone's number by its offset in minutes: of several cities, one; the nearest for what is not there. */
// biome-ignore format: a table
const zones: readonly (readonly [minutes: number, code: number])[] = [
  [-660, 105], [-600, 2], [-540, 3], [-480, 6], [-420, 10], [-360, 14], [-300, 18], [-270, 19], [-240, 20],
  [-210, 26], [-180, 30], [-120, 31], [-60, 32], [0, 33], [60, 49], [120, 57], [180, 73], [210, 74], [240, 77],
  [300, 83], [330, 84], [360, 85], [420, 88], [480, 89], [540, 93], [570, 94], [600, 96], [630, 100],
  [660, 101], [720, 102], [765, 103], [780, 104],
];

function siteSettings({ timeZone }: ConfigSheet['site']): Setting[] {
  const { offsetMinutes = 0, summer } = zoneRule(timeZone) ?? {};
  const away = ([minutes]: readonly [number, number]) => Math.abs(minutes - offsetMinutes);
  const [, zone] = zones.reduce((best, each) => (away(each) < away(best) ? each : best));
  return [
    [30, 'UrlOrIpAddress', 'pool.ntp.org'],
    [64, 'Preference_TimeZone', zone],
    [143, 'Preference_DHCPTime', 0],
    [75, 'Preference_DaylightSavingTime', summer === undefined ? 0 : 2], // 2: by the zone's own rule
  ];
}

/** Where files come from, and who may change the phone. */
function updateSettings({ url, adminPassword }: ConfigSheet): Setting[] {
  return [
    [8681, 'LogUser_Admin', 'admin'],
    [2, 'AdminPassword', adminPassword],
    [8682, 'LogUser_User', 'user'],
    [196, 'UserPassword', adminPassword],
    [212, 'FirmwareUpGrade_UrgradeMode', url.startsWith('https:') ? 2 : 1],
    [237, 'FirmwareUpGrade_ConfigServerPath', url],
  ];
}

const keyTypes = { none: 0, line: 1, speeddial: 2, blf: 3, park: 8 } as const;

function keySettings({ model, keys }: ConfigSheet): Setting[] {
  return Array.from({ length: model.keysWritten }, (_, index) => index + 1).flatMap((key): Setting[] => {
    const laid = keys[key - 1];
    const name = `LineKey${key}`;
    const value = laid?.value ?? '';
    return [
      [keyCode(key, 0), `${name}_Type`, keyTypes[laid?.type ?? 'none']],
      [20_600 + key - 1, `${name}_Mode`, 0],
      [keyCode(key, 1), `${name}_Value`, value],
      [keyCode(key, 2), `${name}_Label`, laid?.label ?? ''],
      [keyCode(key, 3), `${name}_Account`, 255], // whichever is free
      [keyCode(key, 4), `${name}_Extension`, laid?.type === 'blf' ? value : ''],
    ];
  });
}

/** The first four keys have a hundred codes for each of their fields; from the fifth on each key has five. */
const keyCode = (key: number, field: number) =>
  key < 5 ? 41_200 + key - 1 + 100 * field : 20_200 + 5 * (key - 5) + field;
