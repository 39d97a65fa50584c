/**
 * Fanvil's config file: a tree of modules, written as XML (`<sysConf>`), or for
 * some models as text (./fanvil-text.ts). Keys stand in areas and pages, and each
 * page counts its keys from 1.
 *
 * A phone keeps whatever a file does not mention, so a file says everything. The
 * version never changes: phones compare the file's content (`AutoServerDigest`).
 */

import { areaKeys } from './areas.ts';
import { formatText } from './fanvil-text.ts';
import { type Change, zoneRule } from './time-zone.ts';
import type { ConfigSheet, Vendor } from './vendor.ts';
import { type Element, formatXml } from './xml.ts';

const version = '2.0000000000';
const registerSeconds = 600;

export const fanvil: Vendor = {
  contentType: 'text/xml; charset=utf-8',
  fileOf: (name, { mac }) => (name === `${mac}.cfg` ? { type: 'config' } : undefined),
  /**
   * Of all phones of a model, and asked for first: `F0V0X5U00000.cfg`, `f0X4hw1.100.cfg`.
   * There is none: a file with a version might make the phone pass over its own. Then its firmware's.
   */
  absent: /^(?:f0[0-9a-z.]{8,20}\.cfg|fanvil[0-9a-z_-]*\.(?:txt|cfg))$/,
  format: (sheet) =>
    sheet.model.isText
      ? formatText(version, modulesOf(sheet))
      : formatXml(['sysConf', [['Version', version], ...modulesOf(sheet)]]),
};

const modulesOf = (sheet: ConfigSheet): Element[] => [
  ['fwCheck', [['EnableAutoUpgrade', 0]]],
  ['sip', sipModule(sheet)],
  ['call', callModule],
  ['phone', phoneModule(sheet)],
  ['dsskey', keyModule(sheet)],
  ['web', webModule(sheet)],
  ['mt', [['AutoServerDigest', 1]]],
  ['ap', updateModule(sheet)],
];

const transports = { udp: 0, tcp: 1, tls: 3 } as const;

function sipModule(sheet: ConfigSheet): Element[] {
  const others = Array.from({ length: sheet.model.accounts - 1 }, (_, index) => index + 2);
  return [
    ['NotifyReboot', 0], // a NOTIFY fetches the config, and does not restart the phone
    ['StrictUAMatch', 1],
    ['line', line(sheet), { index: 1 }],
    ...others.map((index): Element => ['line', [...emptyLine, ...ownSettings], { index }]),
  ];
}

function line({ account, sip, site, pickupCode }: ConfigSheet): Element[] {
  return [
    ['PhoneNumber', account.userName],
    ['DisplayName', account.displayName],
    ['SipName', account.label],
    ['RegisterAddr', sip.address],
    ['RegisterPort', sip.port],
    ['RegisterUser', account.authName],
    ['RegisterPswd', account.password],
    ['RegisterTTL', registerSeconds],
    ['EnableReg', 1],
    ['ProxyAddr', ''],
    ['ProxyPort', ''],
    ['ProxyUser', ''],
    ['ProxyPswd', ''],
    ['BackupAddr', ''],
    ['BackupPort', ''],
    ['Transport', transports[site.transport]],
    ['VoiceCodecMap', 'PCMA,PCMU'],
    ['DTMFMode', 1], // RFC 4733
    ['MediaCrypto', 0],
    ['PickupNum', pickupCode],
    ['UnregisterOnBoot', 1],
    ['UriEscaped', 1],
    ...ownSettings,
  ];
}

const emptyLine: readonly Element[] = [
  ['PhoneNumber', ''],
  ['DisplayName', ''],
  ['SipName', ''],
  ['RegisterAddr', ''],
  ['RegisterPort', ''],
  ['RegisterUser', ''],
  ['RegisterPswd', ''],
  ['EnableReg', 0],
];

/** Codes that the phone would send, or take a dialled number for: all out, so `*77*100*` is only a number. */
const serviceCodes = ['DND', 'CFU', 'CFB', 'CFN', 'ANC'].flatMap((feature) =>
  ['On', 'Off'].map((turn): Element => [`${feature}${turn}SvcCode`, '']),
);

/** What one line remembers of its user, or lets a user set. */
const ownSettings: readonly Element[] = [
  ['MWINum', ''],
  ['Subscribe', 0],
  ['AlwaysFWD', 0],
  ['AlwaysFWDNum', ''],
  ['BusyFWD', 0],
  ['BusyFWDNum', ''],
  ['NoAnswerFWD', 0],
  ['NoAnswerFWDNum', ''],
  ['EnableHotline', 0],
  ['HotlineNum', ''],
  ['EnableDND', 0],
  ['AutoAnswer', 0],
  ['MissedCallLog', 0],
  ['SvcCodeMode', 0],
  ...serviceCodes,
  ['SendANOnCode', ''],
  ['SendANOffCode', ''],
  ['CWOnCode', ''],
  ['CWOffCode', ''],
];

const callModule: readonly Element[] = [
  [
    'port',
    [
      ['EnableDND', 0],
      ['DNDMode', 0],
      ['AllowIPCall', 0],
      ['IPDialPrefix', '.'],
      ['UseAutoRedial', 0],
      ['RedialEnterCallLog', 0],
      ['BanDialOut', 0],
      ['CallWaiting', 1],
      ['EnablePreDial', 1],
    ],
    { index: 1 },
  ],
  [
    'basic',
    [
      ['DialbyPound', 1],
      ['DialFixedLength', 0],
      ['DialbyTimeout', 1],
    ],
  ],
];

function phoneModule({ account, site, adminPassword }: ConfigSheet): Element[] {
  return [
    ['MenuPassword', adminPassword],
    ['EnableKeyLock', 0],
    ['EnableCallHistory', 0],
    [
      'display',
      [
        ['DefaultLanguage', site.language],
        ['LCDTitle', account.label],
      ],
    ],
    // The soft keys of a phone at rest: from the factory they are history, contact, dnd and menu.
    ['softkey', [['DesktopSoftkey', 'none;none;none;menu;']]],
    ['date', dateSettings(site.timeZone)],
  ];
}

/** The offset in quarters of an hour; summer time by month, week (5: the last) and weekday (0: Sunday). */
function dateSettings(timeZone: string): Element[] {
  const { offsetMinutes = 0, summer } = zoneRule(timeZone) ?? {};
  const minutes = Math.abs(offsetMinutes) % 60;
  const hours = Math.floor(Math.abs(offsetMinutes) / 60);
  const clock = minutes === 0 ? String(hours) : `${hours}:${String(minutes).padStart(2, '0')}`;
  return [
    ['EnableSNTP', 1],
    ['SNTPServer', 'pool.ntp.org'],
    ['SecondSNTPServer', ''],
    ['TimeZone', offsetMinutes / 15],
    ['TimeZoneName', `UTC${offsetMinutes < 0 ? '-' : '+'}${clock}`],
    ['EnableDST', summer === undefined ? 0 : 2],
    ...(summer === undefined
      ? []
      : [
          ['DSTFixedType', 2] as const,
          ['DSTMinOffset', summer.savedMinutes] as const,
          ...change('Start', summer.start),
          ...change('End', summer.end),
        ]),
  ];
}

function change(which: 'Start' | 'End', { month, week, weekday, hour }: Change): Element[] {
  return [
    [`DST${which}Mon`, month],
    [`DST${which}Week`, week],
    [`DST${which}Wday`, weekday % 7],
    [`DST${which}Hour`, hour],
  ];
}

const elements: Readonly<Record<string, string>> = { side: 'dssSide', dss: 'internal' };

function keyModule({ model, keys, pickupCode }: ConfigSheet): Element[] {
  const pages = new Map<string, Element[]>();
  for (const { area, page, index, key } of areaKeys(model, keys)) {
    const type = key?.type ?? 'none';
    const fields: Element[] = [
      ['Type', keyTypes[type]],
      ['Value', keyValues[type](key?.value ?? '', pickupCode)],
      ['Title', type === 'none' ? '' : (key?.label ?? '')],
    ];
    const name = `${area.name} ${page}`;
    pages.set(name, [...(pages.get(name) ?? []), ['Fkey', fields, { index }]]);
  }
  const pagesOf = (name: string) => model.areas.find((area) => area.name === name)?.pages ?? 0;
  return [
    ['SideKeyPageNum', Math.max(1, pagesOf('side'))],
    ['FuncKeyPageNum', Math.max(1, pagesOf('dss'))],
    ...[...pages].map(([name, fkeys]): Element => {
      const [area = '', page = ''] = name.split(' ');
      return [elements[area] ?? area, fkeys, { index: page }];
    }),
  ];
}

const keyTypes = { none: 0, line: 2, speeddial: 1, blf: 1, park: 1 } as const;

/** `number@line/what`: f calls, c parks, b watches and on a press (a: in a call, ask first) dials what follows. */
const keyValues = {
  none: () => '',
  line: () => 'SIP1',
  speeddial: (value: string) => `${value}@1/f`,
  blf: (value: string, pickupCode: string) => `${value}@1/ba${pickupCode}${value}`,
  park: (value: string) => `${value}@1/c`,
} as const;

/** Both accounts that a phone comes with: the second would still have the factory's password. */
function webModule({ adminPassword }: ConfigSheet): Element[] {
  const account = (index: number, name: string, level: number): Element => [
    'account',
    [
      ['Name', name],
      ['Password', adminPassword],
      ['Level', level],
    ],
    { index },
  ];
  return [['EnableTelnet', 0], account(1, 'admin', 10), account(2, 'guest', 5)];
}

const protocols: Readonly<Record<string, number>> = { 'http:': 4, 'https:': 5 };

/** Where files come from, and that nothing else may change the phone. */
function updateModule({ url }: ConfigSheet): Element[] {
  const { protocol, origin, pathname } = new URL(url);
  return [
    ['DefaultUsername', ''],
    ['DefaultPassword', ''],
    ['DownloadCommonConf', 0],
    ['DownloadDeviceConf', 1],
    ['SaveProvisionInfo', 1],
    ['FlashServerIP', origin],
    ['FlashFileName', `${pathname.slice(1)}$mac.cfg`],
    ['FlashProtocol', protocols[protocol] ?? 4],
    ['FlashMode', 1], // after a restart
    ['FlashInterval', 1],
    ['pnp', [['PNPEnable', 0]]],
    ['opt', [['DHCPOption', 0]]],
  ];
}
