/**
 * Grandstream's config file by names (`config version="2"`): one `<item>` a
 * setting. It needs firmware 1.0.11.79 (GXP21xx) or 1.0.5.15 (GRP26xx). Phones
 * that know numbers alone: ./grandstream-numbered.ts.
 *
 * A phone keeps whatever a file does not mention, so a file says everything.
 * The first VPKs belong to the line; what follows must have no gap, so a layout
 * begins behind them and the empty keys stand at the end.
 */

import { formatHostPort } from '#protocol/address.ts';
import { areaKeys, expansionKeys } from './areas.ts';
import { formatNumbered, serverPath } from './grandstream-numbered.ts';
import { posixZone } from './time-zone.ts';
import type { ConfigSheet, Vendor } from './vendor.ts';
import { type Element, formatXml, type Value } from './xml.ts';

type Setting = readonly [name: string, value: Value];

const registerMinutes = 10;

export const grandstream: Vendor = {
  contentType: 'text/xml; charset=utf-8',
  fileOf: (name, { mac }) => (name === `cfg${mac}.xml` ? { type: 'config' } : undefined),
  /** The binary form it asks for first, then that of its model and of all; its contacts; its firmware. */
  absent:
    /^(?:cfg[0-9a-f]{12}|cfg(?![0-9a-f]{12}\.)[0-9a-z-]*\.xml|(?:gs_)?phonebook\.xml|[0-9a-z]+fw\.bin)$/,
  format: (sheet) => (sheet.model.isNumbered ? formatNumbered(sheet) : formatGrandstream(sheet)),
};

function formatGrandstream(sheet: ConfigSheet): string {
  const settings = [
    ...updateSettings(sheet),
    ...accountSettings(sheet),
    ...otherAccounts(sheet.model.accounts),
    ...personalSettings,
    ...siteSettings(sheet.site),
    ...keySettings(sheet),
    ...expansionSettings(sheet),
  ];
  const items = settings.map(([name, value]): Element => ['item', value, { name }]);
  return formatXml(['gs_provision', [['config', items, { version: 2 }]], { version: 1 }]);
}

const transports = { udp: 'UDP', tcp: 'TCP', tls: 'TlsOrTcp' } as const;

function accountSettings({ account, sip, site, pickupCode }: ConfigSheet): Setting[] {
  return [
    ['account.1.enable', 'Yes'],
    ['account.1.name', account.label],
    ['account.1.sip.server.1.address', formatHostPort(sip)],
    ['account.1.sip.server.2.address', ''],
    ['account.1.sip.outboundProxy.1.address', ''],
    ['account.1.sip.outboundProxy.2.address', ''],
    ['account.1.sip.userid', account.userName],
    ['account.1.sip.subscriber.userid', account.authName],
    ['account.1.sip.subscriber.password', account.password],
    ['account.1.sip.subscriber.name', account.displayName],
    ['account.1.sip.registration', 'Yes'],
    ['account.1.sip.transport', transports[site.transport]],
    ['account.1.sip.uriSchemeWhenUsingTls', 'sip'],
    ['account.1.sip.registerExpiration', registerMinutes],
    ['account.1.sip.unregisterOnReboot', 'Yes'],
    ['account.1.sip.allowSipReset', 'Yes'], // without it a NOTIFY does nothing
    ['account.1.sip.validate.incomingServer', 'Yes'], // requests from where it registers, and nobody else
    ['account.1.network.natTraversal', 'No'],
    ['account.1.codec.choice.1', 'PCMA'],
    ['account.1.codec.choice.2', 'PCMU'],
    // The other places must hold something: the same two again.
    ...[3, 4, 5, 6, 7, 8].map((place): Setting => [`account.1.codec.choice.${place}`, 'PCMA']),
    ['account.1.codec.payloadType.dtmf', 101],
    ['account.1.dtmf.sendInAudio', 'No'],
    ['account.1.dtmf.sendInRtp', 'Yes'], // RFC 4733
    ['account.1.dtmf.sendInSip', 'No'],
    ['account.1.audio.srtpMode', 'Disabled'],
    ['account.1.sip.blf.server', ''],
    ['account.1.sip.blf.callPickup.prefix', pickupCode],
    ['account.1.sip.blf.callPickup.forcePrefix', 'Force'],
    ...ownSettings(1),
  ];
}

/** What one account remembers of its user, or does with what they dial. */
function ownSettings(account: number): Setting[] {
  const call = `account.${account}.call`;
  const codes = `account.${account}.featureCodes`;
  return [
    [`account.${account}.sip.voicemail.number`, ''],
    [`account.${account}.sip.subscribe.forMwi`, 'No'],
    // The factory's plan stops at a second star; this one lets `*77*100*` out as typed.
    [`${call}.dialplan`, '{ [*x]+ }'],
    [`${call}.dialplanPrefix`, ''],
    [`${call}.earlyDial`, 'No'],
    [`${call}.keyAsSend`, 'Pound'],
    [`${call}.noKeyEntryTimeout`, 4],
    [`${call}.callLog`, 'Disable'],
    [`${call}.autoAnswer`, 'No'],
    [`${call}.sendAnonymous`, 'No'],
    [`${call}.rejectAnonymousCall`, 'No'],
    [`${call}.callWaiting`, 'Default'],
    [`${codes}.callFeatures`, 'No'],
    ...featureCodes.map((code): Setting => [`${codes}.${code}`, '']),
  ];
}

const featureCodes = [
  'dndOn',
  'dndOff',
  ...['Unconditionally', 'Busy', 'Delayed'].flatMap((when) =>
    ['On', 'Off', 'Target'].map((part) => `callForward${when}${part}`),
  ),
];

function otherAccounts(accounts: number): Setting[] {
  return Array.from({ length: Math.max(0, accounts - 1) }, (_, index) => index + 2).flatMap(
    (account): Setting[] => [
      [`account.${account}.enable`, 'No'],
      [`account.${account}.name`, ''],
      [`account.${account}.sip.server.1.address`, ''],
      [`account.${account}.sip.userid`, ''],
      [`account.${account}.sip.subscriber.userid`, ''],
      [`account.${account}.sip.subscriber.password`, ''],
      [`account.${account}.sip.subscriber.name`, ''],
      ...ownSettings(account),
    ],
  );
}

/** What a user can switch on at the phone, off; and nothing that shows the next one whom they called. */
const personalSettings: readonly Setting[] = [
  ['call.dnd.enable', 'No'],
  ['callFeatures.lastCallForwardAll', 'No'],
  ['call.dial.predictive.enable', 'No'],
  ['call.dial.autoRedial.enable', 'No'],
  ['call.dial.offhook.autoDial.number', ''],
  ['call.ipcall.enable', 'No'], // `*` would be a dot
  ['call.ipcall.allowQuickDialing', 'No'],
  ['call.callWaiting.enable', 'Yes'],
  ['features.history.missedCallNotification', 'No'],
  ['softkeys.state.idle.hideSystemKeys', 'History,ForwardAll,Redial'],
  ['hotdesking.enable', 'No'], // the vendor's own, which would fight with ours
];

function siteSettings({ timeZone, language }: ConfigSheet['site']): Setting[] {
  return [
    ['language.gui', language],
    ['dateTime.ntp.server.1', 'pool.ntp.org'],
    ['dateTime.override.dhcp.allowOption42', 'No'],
    ['dateTime.override.dhcp.allowOption2', 'No'],
    ['dateTime.timezone', posixZone(timeZone)],
    ['dateTime.format.time', '24Hour'],
  ];
}

/** Where files come from, and that nothing else may change the phone. */
function updateSettings({ url, adminPassword }: ConfigSheet): Setting[] {
  return [
    ['provisioning.config.protocol', url.startsWith('https:') ? 'HTTPS' : 'HTTP'],
    ['provisioning.config.serverPath', serverPath(url)],
    ['provisioning.config.username', ''],
    ['provisioning.config.password', ''],
    ['provisioning.firmware.checkCondition', 'SkipCheck'],
    ['provisioning.auto.mode', 'YesUpgradeHourOfDay'],
    ['provisioning.auto.hour', 3],
    ['provisioning.3cxAutoProvision', 'No'],
    ['provisioning.override.dhcp.allowCommonOptions', 'No'],
    ['provisioning.override.dhcp.allowCustomOption', 'None'],
    ['provision.config.forceReboot', 0],
    ['sip.notify.challenge', 'Yes'], // P4428, which says of it: none is asked for
    ['tr069.enable', 'No'], // from the factory on, with the vendor's server
    ['users.admin.password', adminPassword],
    ['security.webAccess.user.enable', 'No'],
    ['security.configurationViaKeypadMenu', 'BasicSettingsOnly'],
    ['pks.lcdSetting.enable', 'No'],
  ];
}

const keyModes = {
  none: 'None',
  line: 'Line',
  speeddial: 'SpeedDial',
  blf: 'BLF',
  park: 'CallPark',
} as const;

function keySettings({ model, keys }: ConfigSheet): Setting[] {
  return areaKeys(model, keys).flatMap(({ area, index, key }): Setting[] => {
    const name = `pks.${area.name}.${index}`;
    const isLine = area.name === 'vpk' && index < area.first;
    return [
      [`${name}.keyMode`, isLine ? keyModes.line : keyModes[key?.type ?? 'none']],
      [`${name}.account`, area.name === 'mpk' ? 'Account1' : 0],
      [`${name}.description`, key?.label ?? ''],
      [`${name}.value`, key?.value ?? ''],
    ];
  });
}

/** Numbered on from module to module. */
function expansionSettings({ model, keys }: ConfigSheet): Setting[] {
  return expansionKeys(model, keys).flatMap(({ key }, at): Setting[] => {
    const name = `pks.ext.${at + 1}`;
    return [
      [`${name}.keyMode`, keyModes[key?.type ?? 'none']],
      [`${name}.account`, 0],
      [`${name}.description`, key?.label ?? ''],
      [`${name}.value`, key?.value ?? ''],
    ];
  });
}
