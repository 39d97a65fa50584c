/**
 * What of its last user a phone still has after a logout, model by model. Each
 * line that says it is gone names the settings that do it and what every config
 * sets them to; test/controller/provisioning/at-logout.test.ts reads them back
 * out of the files of all models, so this table cannot promise what is not written.
 *
 *     emptied   every config empties it
 *     off       the phone does not gather it, and does not show what it has
 *     stays     no setting is known
 *     none      the phone has no such thing
 */

import { textNameOf } from './fanvil-text.ts';
import type { Model } from './model.ts';

// biome-ignore format: a table
export const remembered = [
  'keys', 'expansionKeys', 'otherAccounts', 'voicemail', 'callLogs', 'missedCalls', 'redial', 'forwarding', 'dnd',
  'autoAnswer', 'contacts',
] as const;

export type Remembered = (typeof remembered)[number];
export type Fate = 'emptied' | 'off' | 'stays' | 'none';

/** A setting and its value; undefined: as the factory has it; after `…` its end, behind the device's own URL. */
export type Proof = readonly [setting: string, value: string | undefined];

export type AtLogout = {
  state: Fate;
  /** With `{account}`, `{key}` and the like for the last one of the model. */
  by: readonly Proof[];
  note?: string;
};

type Row = Readonly<Record<Remembered, AtLogout>>;

const emptied = (...by: Proof[]): AtLogout => ({ state: 'emptied', by });
const off = (...by: Proof[]): AtLogout => ({ state: 'off', by });
const stays = (note: string): AtLogout => ({ state: 'stays', by: [], note });
const noted = (fate: AtLogout, note: string): AtLogout => ({ ...fate, note });

const earlier = 'Lists from before its first config stay: reset the phone to factory state first.';
const addressBook = 'Contacts that were saved at the phone stay, and the next user can read them.';
const fetchedEmpty = 'By a list of nobody that it fetches with its config: tried on no handset.';
const menu =
  'What was changed in the phone’s own menu may win over the file; that menu asks for the device’s password.';

const yealink: Row = {
  keys: emptied(
    ['linekey.{key}.type', '0'],
    ['linekey.{key}.value', undefined],
    ['linekey.{key}.label', undefined],
  ),
  expansionKeys: emptied(
    ['expansion_module.{module}.key.{moduleKey}.type', '0'],
    ['expansion_module.{module}.key.{moduleKey}.value', undefined],
  ),
  otherAccounts: emptied(
    ['account.{account}.enable', '0'],
    ['account.{account}.user_name', undefined],
    ['account.{account}.password', undefined],
  ),
  voicemail: emptied(['voice_mail.number.{account}', undefined], ['account.{account}.subscribe_mwi', '0']),
  callLogs: noted(off(['features.save_call_history', '0']), earlier),
  missedCalls: off(['account.{account}.missed_calllog', '0']),
  redial: off(['features.save_call_history', '0'], ['auto_redial.enable', '0']),
  forwarding: emptied(
    ['features.fwd.allow', '0'],
    ['forward.always.enable', '0'],
    ['forward.always.target', undefined],
    ['account.{account}.always_fwd.enable', '0'],
  ),
  dnd: emptied(
    ['features.dnd.allow', '0'],
    ['features.dnd.enable', '0'],
    ['account.{account}.dnd.enable', '0'],
  ),
  autoAnswer: emptied(['account.{account}.auto_answer', '0']),
  contacts: noted(emptied(['local_contact.data.url', '…/no-contacts.xml']), fetchedEmpty),
};

const snom: Row = {
  keys: emptied(['fkey {lastKey}', 'none'], ['fkey {lastKey} label', '']),
  expansionKeys: emptied(['fkey {lastBeside}', 'none'], ['fkey {lastBeside} label', '']),
  otherAccounts: emptied(
    ['user_active {account}', 'off'],
    ['user_name {account}', ''],
    ['user_pass {account}', ''],
  ),
  voicemail: emptied(['user_mailbox 1', ''], ['user_mailbox {account}', '']),
  callLogs: noted(off(['record_received_calls 1', 'off'], ['record_dialed_calls 1', 'off']), earlier),
  missedCalls: off(['record_missed_calls 1', 'off']),
  redial: off(['record_dialed_calls 1', 'off']),
  forwarding: emptied(
    ['fwd_all_enabled 1', 'off'],
    ['fwd_all_target {account}', ''],
    ['fwd_time_enabled {account}', 'off'],
    ['redirect_event', 'none'],
    ['redirect_number', ''],
  ),
  dnd: emptied(['dnd_mode 1', 'off'], ['dnd_mode {account}', 'off'], ['dnd_mode', 'off']),
  autoAnswer: emptied(['user_auto_connect {account}', 'off']),
  contacts: emptied(['tbook', '0'], ['speed 0', ''], ['speed 32', '']),
};

const ext = (part: string) => `pks.ext.{lastBesideAlone}.${part}`;
const grandstream: Row = {
  keys: emptied(
    ['pks.{area}.{index}.keyMode', 'None'],
    ['pks.{area}.{index}.value', ''],
    ['pks.{area}.{index}.description', ''],
  ),
  expansionKeys: emptied([ext('keyMode'), 'None'], [ext('value'), ''], [ext('description'), '']),
  otherAccounts: emptied(
    ['account.{account}.enable', 'No'],
    ['account.{account}.sip.userid', ''],
    ['account.{account}.sip.subscriber.password', ''],
  ),
  voicemail: emptied(
    ['account.{account}.sip.voicemail.number', ''],
    ['account.{account}.sip.subscribe.forMwi', 'No'],
  ),
  callLogs: noted(off(['account.{account}.call.callLog', 'Disable']), earlier),
  missedCalls: off(['features.history.missedCallNotification', 'No']),
  redial: off(['account.1.call.callLog', 'Disable'], ['call.dial.autoRedial.enable', 'No']),
  forwarding: emptied(
    ['callFeatures.lastCallForwardAll', 'No'],
    ['account.{account}.featureCodes.callFeatures', 'No'],
  ),
  dnd: emptied(['call.dnd.enable', 'No'], ['account.{account}.featureCodes.dndOn', '']),
  autoAnswer: emptied(['account.{account}.call.autoAnswer', 'No']),
  contacts: stays(addressBook),
};

const starCodesOnly =
  'The star codes and soft keys for it are gone; what was set in the phone’s own menu stays.';

const grandstreamNumbered: Row = {
  keys: emptied(['P353', '0'], ['P355', ''], ['P356', '']),
  expansionKeys: { state: 'none', by: [] },
  otherAccounts: emptied(['P401', '0'], ['P404', ''], ['P406', '']),
  voicemail: emptied(['P33', ''], ['P99', '0'], ['P426', '']),
  callLogs: noted(off(['P182', '2'], ['P442', '2']), earlier),
  missedCalls: off(['P182', '2'], ['P8348', 'Missed,ForwardAll,Redial,Forward']),
  redial: off(['P182', '2'], ['P22126', '0']),
  forwarding: stays(starCodesOnly),
  dnd: stays('The mute key does not switch it on; what was set in the phone’s own menu stays.'),
  autoAnswer: emptied(['P90', '0'], ['P425', '0']),
  contacts: stays(addressBook),
};

const sipLine = 'sip/line[{account}]';
const fanvil: Row = {
  keys: emptied(['{fanvilKey}/Type', '0'], ['{fanvilKey}/Value', ''], ['{fanvilKey}/Title', '']),
  expansionKeys: { state: 'none', by: [] },
  otherAccounts: emptied(
    [`${sipLine}/EnableReg`, '0'],
    [`${sipLine}/RegisterUser`, ''],
    [`${sipLine}/RegisterPswd`, ''],
  ),
  voicemail: emptied([`${sipLine}/MWINum`, ''], [`${sipLine}/Subscribe`, '0']),
  callLogs: noted(off(['phone/EnableCallHistory', '0']), earlier),
  missedCalls: off([`${sipLine}/MissedCallLog`, '0']),
  redial: off(
    ['phone/EnableCallHistory', '0'],
    ['call/port[1]/UseAutoRedial', '0'],
    ['call/port[1]/RedialEnterCallLog', '0'],
  ),
  forwarding: emptied(
    [`${sipLine}/AlwaysFWD`, '0'],
    [`${sipLine}/AlwaysFWDNum`, ''],
    [`${sipLine}/BusyFWD`, '0'],
  ),
  dnd: emptied([`${sipLine}/EnableDND`, '0'], ['call/port[1]/EnableDND', '0']),
  autoAnswer: emptied([`${sipLine}/AutoAnswer`, '0']),
  contacts: stays(addressBook),
};

const nothingKnown = 'No number of a setting for it is known: reset the phone to factory state first.';
const htek: Row = {
  keys: emptied(['P41203', '0'], ['P41303', ''], ['P41403', '']),
  expansionKeys: { state: 'none', by: [] },
  otherAccounts: emptied(['P401', '0'], ['P735', ''], ['P734', '']),
  voicemail: emptied(['P33', ''], ['P426', ''], ['P99', '0']),
  callLogs: stays(nothingKnown),
  missedCalls: stays(nothingKnown),
  redial: stays(nothingKnown),
  forwarding: stays(`${starCodesOnly.replace(' and soft keys', '')}`),
  dnd: stays(`${starCodesOnly.replace(' and soft keys', '')}`),
  autoAnswer: emptied(['P90', '0']),
  contacts: stays(addressBook),
};

const poly: Row = {
  keys: emptied(['lineKey.{key}.category', 'Unassigned'], ['attendant.resourceList.{key}.address', '']),
  expansionKeys: emptied(['lineKey.{lastLineKey}.category', 'Unassigned']),
  otherAccounts: emptied(['reg.{account}.address', ''], ['reg.{account}.auth.password', '']),
  voicemail: emptied(['msg.mwi.{account}.subscribe', ''], ['msg.mwi.{account}.callBack', '']),
  callLogs: off(['feature.callList.enabled', '0'], ['feature.callListReceived.enabled', '0']),
  missedCalls: off(
    ['call.missedCallTracking.{account}.enabled', '0'],
    ['feature.callListMissed.enabled', '0'],
  ),
  redial: off(['feature.callListPlaced.enabled', '0']),
  forwarding: noted(
    emptied(
      ['feature.forward.enable', '0'],
      ['divert.fwd.{account}.enabled', '0'],
      ['divert.{account}.contact', ''],
    ),
    menu,
  ),
  dnd: noted(emptied(['feature.doNotDisturb.enable', '0'], ['divert.dnd.{account}.enabled', '0']), menu),
  autoAnswer: emptied(['call.autoAnswer.SIP', '0']),
  contacts: off(['feature.directory.enabled', '0']),
};

const mitel: Row = {
  keys: emptied(['{area}{index} type', 'none'], ['{area}{index} value', ''], ['{area}{index} label', '']),
  expansionKeys: emptied(
    ['expmod{module} key{moduleKey} type', 'none'],
    ['expmod{module} key{moduleKey} value', ''],
  ),
  otherAccounts: emptied(['sip line{account} user name', ''], ['sip line{account} password', '']),
  voicemail: emptied(
    ['sip line1 vmail', ''],
    ['sip line{account} vmail', ''],
    ['sip explicit mwi subscription', '0'],
  ),
  callLogs: off(['callers list disabled', '1']),
  missedCalls: off(['missed calls indicator disabled', '1']),
  redial: off(['redial disabled', '1']),
  forwarding: off(['call forward disabled', '1']),
  dnd: stays('A do-not-disturb that was set at the phone is not known to be undone.'),
  autoAnswer: stays('No setting is known.'),
  contacts: off(['directory disabled', '1']),
};

const rows: Readonly<Record<Model['vendor'], Row>> = {
  yealink,
  snom,
  gigaset: snom,
  grandstream,
  fanvil,
  htek,
  poly,
  mitel,
};

/** With the settings of this very model. */
export function atLogout(model: Model): Record<Remembered, AtLogout> {
  const row = model.isNumbered ? grandstreamNumbered : rows[model.vendor];
  const names = namesIn(model);
  const named = (text: string) => {
    const setting = text.replace(/\{(\w+)\}/g, (whole, name: string) => String(names[name] ?? whole));
    return model.isText ? textNameOf(setting) : setting;
  };
  const fates = remembered.map((what) => {
    const { by, ...rest } = row[what];
    const isNone = what === 'expansionKeys' && model.expansion.modules === 0;
    const fate = isNone
      ? { state: 'none', by: [] }
      : { ...rest, by: by.map(([setting, value]): Proof => [named(setting), value]) };
    return [what, fate];
  });
  return Object.fromEntries(fates) as Record<Remembered, AtLogout>;
}

/** What stands for what is last on a model. */
function namesIn({ keysWritten, accounts, areas, expansion }: Model): Record<string, string | number> {
  const { modules, keysWritten: perModule } = expansion;
  const area = areas.findLast(({ pages, perPage }) => pages * perPage > 0);
  const element = area?.name === 'side' ? 'dssSide' : 'internal';
  return {
    account: accounts,
    key: keysWritten,
    lastKey: keysWritten - 1,
    lastBeside: keysWritten + modules * perModule - 1,
    lastBesideAlone: modules * perModule,
    lastLineKey: keysWritten + modules * perModule,
    module: modules,
    moduleKey: perModule,
    area: area?.name ?? '',
    index: area?.perPage ?? 0,
    fanvilKey: `dsskey/${element}[${area?.pages ?? 1}]/Fkey[${area?.perPage ?? 1}]`,
  };
}

export const words: Readonly<Record<Remembered, string>> = {
  keys: 'keys',
  expansionKeys: 'keys of expansion modules',
  otherAccounts: 'other accounts',
  voicemail: 'voicemail',
  callLogs: 'call lists',
  missedCalls: 'missed calls',
  redial: 'redial',
  forwarding: 'forwarding',
  dnd: 'do not disturb',
  autoAnswer: 'automatic answering',
  contacts: 'contacts',
};

/** Which of them a model cannot be made to forget, in words. */
export function staysOn(model: Model, which: readonly Remembered[] = remembered): string[] {
  const fates = atLogout(model);
  return which.filter((what) => fates[what].state === 'stays').map((what) => words[what]);
}
