/**
 * Poly's config file: XML whose attributes are the settings; what its elements
 * are called says nothing. A phone first asks for `<mac>.cfg`, which names it.
 *
 * A phone keeps whatever a file does not mention, so a file says everything. Its
 * first line key stays with the line. Other keys are lamps of the attendant's
 * list (BLF), or macros (EFK): a speed dial would need a directory file.
 */

import type { LaidKey } from '#controller/layout/layout.ts';
import { areaKeys, expansionKeys } from './areas.ts';
import { type Change, zoneRule } from './time-zone.ts';
import type { ConfigSheet, Vendor } from './vendor.ts';
import { formatXml, type Value } from './xml.ts';

type Setting = readonly [name: string, value: Value];

const registerSeconds = 600;
const ownFile = (mac: string) => `hotdesk-${mac}.cfg`;

export const poly: Vendor = {
  contentType: 'text/xml; charset=utf-8',
  adminName: 'Polycom',
  fileOf(name, { mac }) {
    if (name === `${mac}.cfg`) return { type: 'fixed', text: formatMaster(mac) };
    return name === ownFile(mac) ? { type: 'config' } : undefined;
  },
  /** What it once sent in (its own changes, contacts, call lists), licences, firmware, and the file for all phones. */
  absent:
    /^(?:0{12}\.cfg|[0-9a-f]{12}-[a-z]{3,12}\.(?:cfg|xml|log)|(?:[0-9a-z-]+\.)?sip\.(?:ver|ld)|[0-9a-z-]+\.bootrom\.ld)$/,
  format(sheet) {
    const settings = [
      ...updateSettings(sheet),
      ...accountSettings(sheet),
      ...otherAccounts(sheet.model.accounts),
      ...callSettings(sheet),
      ...dialSettings,
      ...siteSettings(sheet.site),
      ...keySettings(sheet),
    ];
    return formatXml(['PHONE_CONFIG', [['ALL', [], Object.fromEntries(settings)]]]);
  },
};

/** Which files make up a phone: one. Where it would put its own: nowhere. */
function formatMaster(mac: string): string {
  const nowhere = ['LOG_FILE', 'OVERRIDES', 'CONTACTS', 'LICENSE', 'CALL_LISTS'];
  return formatXml([
    'APPLICATION',
    [],
    {
      APP_FILE_PATH: '',
      CONFIG_FILES: ownFile(mac),
      MISC_FILES: '',
      ...Object.fromEntries(nowhere.map((what) => [`${what}_DIRECTORY`, ''])),
    },
  ]);
}

const transports = { udp: 'UDPOnly', tcp: 'TCPOnly', tls: 'TLS' } as const;

function accountSettings({ account, sip, site }: ConfigSheet): Setting[] {
  return [
    ['reg.1.address', account.userName],
    ['reg.1.label', account.label],
    ['reg.1.displayName', account.displayName],
    ['reg.1.auth.userId', account.authName],
    ['reg.1.auth.password', account.password],
    ['reg.1.lineKeys', 1],
    ['reg.1.server.1.address', sip.address],
    ['reg.1.server.1.port', sip.port],
    ['reg.1.server.1.transport', transports[site.transport]],
    ['reg.1.server.1.expires', registerSeconds],
    ['reg.1.server.1.register', 1],
    ['reg.1.server.2.address', ''],
    ['reg.1.outboundProxy.address', ''],
    ...ownSettings(1),
  ];
}

/** What one registration remembers of its user, or lets a user set. */
function ownSettings(account: number): Setting[] {
  return [
    [`msg.mwi.${account}.subscribe`, ''],
    [`msg.mwi.${account}.callBackMode`, 'disabled'],
    [`msg.mwi.${account}.callBack`, ''],
    [`divert.${account}.contact`, ''],
    [`divert.fwd.${account}.enabled`, 0],
    [`divert.busy.${account}.enabled`, 0],
    [`divert.busy.${account}.contact`, ''],
    [`divert.noanswer.${account}.enabled`, 0],
    [`divert.noanswer.${account}.contact`, ''],
    [`divert.dnd.${account}.enabled`, 0],
    [`divert.dnd.${account}.contact`, ''],
    [`call.missedCallTracking.${account}.enabled`, 0],
  ];
}

function otherAccounts(accounts: number): Setting[] {
  return Array.from({ length: Math.max(0, accounts - 1) }, (_, index) => index + 2).flatMap(
    (account): Setting[] => [
      [`reg.${account}.address`, ''],
      [`reg.${account}.label`, ''],
      [`reg.${account}.displayName`, ''],
      [`reg.${account}.auth.userId`, ''],
      [`reg.${account}.auth.password`, ''],
      [`reg.${account}.server.1.address`, ''],
      ...ownSettings(account),
    ],
  );
}

const codecsOff = [
  'G722',
  'G7221.32kbps',
  'G729_AB',
  'Opus',
  'iLBC.13_33kbps',
  'Siren7.32kbps',
  'Siren14.48kbps',
];

/** What a user can switch on at the phone, off; and no list that the next one could read. */
function callSettings({ pickupCode }: ConfigSheet): Setting[] {
  return [
    ['voice.codecPref.G711_A', 1],
    ['voice.codecPref.G711_Mu', 2],
    ...codecsOff.map((codec): Setting => [`voice.codecPref.${codec}`, 0]),
    ['tone.dtmf.viaRtp', 1],
    ['tone.dtmf.rfc2833Control', 1], // RFC 4733
    ['tone.dtmf.rfc2833Payload', 101],
    ['voIpProt.SIP.dtmfViaSignaling.rfc2976', 0],
    ['sec.srtp.enable', 0],
    ['sec.srtp.offer', 0],
    ['sec.srtp.require', 0],
    ['feature.forward.enable', 0],
    ['feature.doNotDisturb.enable', 0],
    ['feature.callList.enabled', 0],
    ['feature.callListMissed.enabled', 0],
    ['feature.callListPlaced.enabled', 0],
    ['feature.callListReceived.enabled', 0],
    ['feature.directory.enabled', 0],
    ['dir.local.readonly', 1],
    ['call.callWaiting.enable', 1],
    ['call.autoAnswer.SIP', 0],
    ['call.directedCallPickupMethod', 'legacy'],
    ['call.directedCallPickupString', pickupCode],
  ];
}

/** The factory's digit map cuts `*77*100*` where it stops to match: none at all, and no `*` for a dot. */
const dialSettings: readonly Setting[] = [
  ['dialplan.digitmap', ''],
  ['dialplan.digitmap.timeOut', ''],
  ['dialplan.impossibleMatchHandling', 2],
  ['dialplan.applyToUserDial', 0],
  ['dialplan.applyToUserSend', 0],
  ['feature.urlDialing.enabled', 0],
];

const languages = { en: 'English_United_Kingdom', de: 'German_Germany' } as const;

function siteSettings({ timeZone, language }: ConfigSheet['site']): Setting[] {
  const { offsetMinutes = 0, summer } = zoneRule(timeZone) ?? {};
  const saving = 'tcpIpApp.sntp.daylightSavings';
  return [
    ['lcl.ml.lang', languages[language]],
    ['lcl.datetime.time.24HourClock', 1],
    ['tcpIpApp.sntp.address', 'pool.ntp.org'],
    ['tcpIpApp.sntp.address.overrideDHCP', 1],
    ['tcpIpApp.sntp.gmtOffset', offsetMinutes * 60],
    ['tcpIpApp.sntp.gmtOffset.overrideDHCP', 1],
    [`${saving}.enable`, summer === undefined ? 0 : 1],
    [`${saving}.fixedDayEnable`, 0],
    ...(summer === undefined ? [] : [...change('start', summer.start), ...change('stop', summer.end)]),
  ];
}

/** Weekdays from 1, Sunday; a week by the first day it can begin on. */
function change(which: 'start' | 'stop', { month, week, weekday, hour }: Change): Setting[] {
  const name = `tcpIpApp.sntp.daylightSavings.${which}`;
  return [
    [`${name}.month`, month],
    [`${name}.time`, hour],
    [`${name}.dayOfWeek`, (weekday % 7) + 1],
    [`${name}.dayOfWeek.lastInMonth`, week === 5 ? 1 : 0],
    [`${name}.date`, week === 5 ? 1 : (week - 1) * 7 + 1],
  ];
}

/** Where files come from, and that nothing else may change the phone. A device setting counts by its `.set`. */
function updateSettings({ url, adminPassword }: ConfigSheet): Setting[] {
  const device: Setting[] = [
    ['device.prov.serverName', url],
    ['device.prov.serverType', url.startsWith('https:') ? 'HTTPS' : 'HTTP'],
    ['device.prov.ztpEnabled', 0],
    ['device.dhcp.bootSrvUseOpt', 'Static'],
    ['device.auth.localAdminPassword', adminPassword],
    ['device.auth.localUserPassword', adminPassword],
  ];
  return [
    ['device.set', 1],
    ...device.flatMap(([name, value]): Setting[] => [
      [name, value],
      [`${name}.set`, 1],
    ]),
    ['up.basicSettingsPasswordEnabled', 1], // a user's own changes would win over any file
    ['prov.autoConfigUpload.enabled', 0],
    ['prov.polling.enabled', 1],
    ['prov.polling.mode', 'abs'],
    ['prov.polling.period', 86_400],
    ['prov.polling.time', '03:00'],
    ['voIpProt.SIP.specialEvent.checkSync.alwaysReboot', 0],
  ];
}

const isLamp = (key: LaidKey | undefined) => key?.type === 'blf' || key?.type === 'park';

function keySettings({ model, keys }: ConfigSheet): Setting[] {
  const laid = areaKeys(model, keys);
  const lamps = laid.map(({ key }) => key).filter(isLamp);
  const beside = expansionKeys(model, keys).map((_, at) => at + 1);
  return [
    ['feature.enhancedFeatureKeys.enabled', 1],
    ['lineKey.reassignment.enabled', 1],
    ['attendant.reg', 1],
    ['attendant.uri', ''],
    ...laid.flatMap(({ area, index, key }): Setting[] => {
      const isLine = index < area.first || key?.type === 'line';
      const macro = key?.type === 'speeddial' ? key : undefined;
      const lamp = lamps[index - 1]; // the list is filled from its start, whichever key it is for
      return [
        ...place(index, isLine ? 'Line' : categoryOf(key)),
        [`efk.efklist.${index}.mname`, macro === undefined ? '' : `key${index}`],
        [`efk.efklist.${index}.status`, macro === undefined ? 0 : 1],
        [`efk.efklist.${index}.label`, macro?.label ?? ''],
        [`efk.efklist.${index}.action.string`, macro === undefined ? '' : `${macro.value}$Tinvite$`],
        [`attendant.resourceList.${index}.address`, lamp?.value ?? ''],
        [`attendant.resourceList.${index}.label`, lamp?.label ?? ''],
        [`attendant.resourceList.${index}.type`, 'normal'],
      ];
    }),
    ...beside.flatMap((key) => place(model.keysWritten + key, 'Unassigned')),
  ];
}

type Category = 'Line' | 'BLF' | 'EFK' | 'Unassigned';

function categoryOf(key: LaidKey | undefined): Category {
  if (isLamp(key)) return 'BLF';
  return key?.type === 'speeddial' ? 'EFK' : 'Unassigned';
}

function place(index: number, category: Category): Setting[] {
  const of = { Line: 1, EFK: index, BLF: 0, Unassigned: 0 }; // BLF 0: the next of the attendant's list
  return [
    [`lineKey.${index}.category`, category],
    [`lineKey.${index}.index`, of[category]],
  ];
}
