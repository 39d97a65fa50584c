/**
 * Grandstream's config file by numbers (`config version="1"`), for phones that do
 * not know the names: GXP1628 and GXP1630. One `<P…>` a setting.
 *
 * A phone keeps whatever a file does not mention, so a file says everything that
 * is known to hold something of a user. The line keys stay with the line, and a
 * layout is on the multi-purpose keys, which are never off: an empty one dials nothing.
 */

import { formatHostPort } from '#protocol/address.ts';
import { areaKeys } from './areas.ts';
import { posixZone } from './time-zone.ts';
import type { ConfigSheet } from './vendor.ts';
import { type Element, formatXml, type Value } from './xml.ts';

type Setting = readonly [code: number, value: Value];

const registerMinutes = 10;

export function formatNumbered(sheet: ConfigSheet): string {
  const settings = [
    ...updateSettings(sheet),
    ...accountSettings(sheet),
    ...ownSettings(sheet),
    ...personalSettings,
    ...siteSettings(sheet.site),
    ...lineKeys(sheet),
    ...keySettings(sheet),
  ];
  const items = settings.map(([code, value]): Element => [`P${code}`, value]);
  return formatXml(['gs_provision', [['config', items, { version: 1 }]], { version: 1 }]);
}

/** Where files come from as these phones want it: neither the scheme nor the last slash, they add both. */
export function serverPath(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname.replace(/\/$/, '')}`;
}

/** Where files come from, and that nothing else may change the phone. */
function updateSettings({ url, adminPassword }: ConfigSheet): Setting[] {
  return [
    [212, url.startsWith('https:') ? 2 : 1],
    [237, serverPath(url)],
    [1360, ''],
    [1361, ''],
    [238, 2], // no look for firmware
    [194, 2], // asks once a day
    [285, 3],
    [145, 0], // DHCP does not say where files come from, nor
    [8337, 0],
    [1411, 0], // where to register
    [1414, 0],
    [1409, 0], // nor does the vendor's server (TR-069)
    [4428, 1], // takes a NOTIFY without a challenge
    [2, adminPassword],
    [196, adminPassword],
    [1357, 1], // the menu changes basic settings alone
    [1382, 0], // a long press on * locks nothing
    [1383, ''],
  ];
}

const transports = { udp: 0, tcp: 1, tls: 2 } as const;

/** Of account 1 alone. */
function accountSettings({ sip, site, pickupCode }: ConfigSheet): Setting[] {
  return [
    [31, 1],
    [81, 1], // says goodbye before it restarts
    [32, registerMinutes],
    [130, transports[site.transport]],
    [2329, 0],
    [52, 0],
    [2347, 1], // requests from where it registers, and from nobody else
    [26_015, 1], // without it a NOTIFY does nothing
    [47, formatHostPort(sip)],
    [57, 8],
    [58, 0],
    // The other places must hold something: PCMA again.
    ...[59, 60, 61, 62, 46].map((code): Setting => [code, 8]),
    [2301, 0],
    [2302, 1], // RFC 4733
    [2303, 0],
    [79, 101],
    [183, 0],
    [1347, pickupCode],
  ];
}

/** The codes of the accounts, side by side: what one account remembers of its user, or does with what they dial. */
// biome-ignore format: a table
const codes = {
  active:          [ 271,  401,  501],
  label:           [ 270,  417,  517],
  secondServer:    [2312, 2412, 2512],
  outboundProxy:   [  48,  403,  503],
  secondProxy:     [2333, 2433, 2533],
  userName:        [  35,  404,  504],
  authName:        [  36,  405,  505],
  password:        [  34,  406,  506],
  displayName:     [   3,  407,  507],
  voicemail:       [  33,  426,  526],
  subscribeForMwi: [  99,  415,  515],
  earlyDial:       [  29,  422,  522],
  dialPlanPrefix:  [  66,  419,  519],
  dialPlan:        [ 290,  459,  559],
  callFeatures:    [ 191,  420,  520],
  callLog:         [ 182,  442,  542],
  sendAnonymous:   [  65,  421,  521],
  autoAnswer:      [  90,  425,  525],
  noKeyTimeout:    [  85,  491,  591],
  poundDials:      [  72,  492,  592],
  dndOn:           [2344, 2444, 2544],
  dndOff:          [2345, 2445, 2545],
} as const;
/** Where the accounts that are not ours would register. */
const otherServers = [402, 502] as const;

function ownSettings({ account, model }: ConfigSheet): Setting[] {
  return Array.from({ length: model.accounts }, (_, index) => index).flatMap((index): Setting[] => {
    const isOurs = index === 0;
    const values: Record<keyof typeof codes, Value> = {
      active: isOurs ? 1 : 0,
      label: isOurs ? account.label : '',
      secondServer: '',
      outboundProxy: '',
      secondProxy: '',
      userName: isOurs ? account.userName : '',
      authName: isOurs ? account.authName : '',
      password: isOurs ? account.password : '',
      displayName: isOurs ? account.displayName : '',
      voicemail: '',
      subscribeForMwi: 0,
      earlyDial: 0,
      dialPlanPrefix: '',
      // The factory's plan stops at a second star; this one lets `*77*100*` out as typed.
      dialPlan: '{ [*x]+ }',
      callFeatures: 0, // no star codes of the phone's own
      callLog: 2, // none
      sendAnonymous: 0,
      autoAnswer: 0,
      noKeyTimeout: 4,
      poundDials: 1,
      dndOn: '',
      dndOff: '',
    };
    const settings = Object.entries(codes).map(
      ([name, row]): Setting => [row[index] ?? 0, values[name as keyof typeof codes]],
    );
    const server = otherServers[index - 1];
    return server === undefined ? settings : [[server, ''], ...settings];
  });
}

/** What a user can switch on at the phone, off; and nothing that shows the next one whom they called. */
const personalSettings: readonly Setting[] = [
  [71, ''], // dials nobody when the handset is lifted
  [91, 0],
  [1310, 1], // no calls to an address: * would be a dot
  [184, 0],
  [1565, 2], // the mute key is no do-not-disturb key
  [22_126, 0], // proposes no numbers dialled before
  [8348, 'Missed,ForwardAll,Redial,Forward'], // soft keys that are not shown
  [2987, 0],
  [2988, 0],
  [2989, ''],
  [2990, ''],
];

function siteSettings({ timeZone, language }: ConfigSheet['site']): Setting[] {
  return [
    [1362, language],
    [30, 'pool.ntp.org'],
    [144, 0],
    [143, 0],
    [64, 'customize'],
    [246, posixZone(timeZone)],
    [122, 1],
  ];
}

const firstLineKey = 1363;

/** The keys beside the display are the account's, each of them. */
const lineKeys = ({ model }: ConfigSheet): Setting[] =>
  Array.from({ length: model.accounts }, (_, index) => firstLineKey + 2 * index).flatMap(
    (code): Setting[] => [
      [code, 0],
      [code + 1, 0],
      [code + 102, ''],
      [code + 103, ''],
    ],
  );

/** There is no `none`: a speed dial without a number. A line has no key of this kind, so its lamp is watched. */
const keyModes = { none: 0, speeddial: 0, blf: 1, line: 1, park: 9 } as const;

function keySettings({ model, keys }: ConfigSheet): Setting[] {
  return areaKeys(model, keys).flatMap(({ index, key }): Setting[] => {
    const [mode, ...rest] = keyCodes(index);
    const values: Value[] = [0, key?.label ?? '', key?.value ?? ''];
    return [
      [mode, keyModes[key?.type ?? 'none']],
      ...rest.map((code, at): Setting => [code, values[at] ?? '']),
    ];
  });
}

/** Mode, account, label and value. */
function keyCodes(key: number): readonly [number, number, number, number] {
  if (key === 8) return [353, 354, 355, 356];
  const first = 301 + 3 * (key - 1);
  return [323 + key - 1, first, first + 1, first + 2];
}
