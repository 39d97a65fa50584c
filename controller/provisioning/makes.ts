/**
 * What is true of a whole make of phone: whose MAC addresses are whose, what its
 * phones are called on the network, what they fetch, and what makes them restart.
 *
 * Some makers share an address block with those that sell the same phone under
 * another name, so what a phone says of itself is shown beside it.
 */

import type { VendorName } from './vendors.ts';

export type Make = {
  /** First halves of MAC addresses, six small hexadecimal digits each. */
  ouis: readonly string[];
  /** The files its phones ask for, in their order; `{mac}` is the phone's own. */
  files(model: string, commonFile: string | undefined): readonly string[];
  /** What a phone of that model says in User-Agent, over HTTP or SIP: a regular expression. */
  userAgent(model: string): string;
  resync: {
    /** The Event of the NOTIFY that makes it fetch its config. */
    event: string;
    /** What it takes for the phone not to restart then, as its config says. */
    setting: string;
  };
  /** What it restarts for by itself. */
  restartsFor: readonly string[];
  /** What no source, or only a weak one, says. */
  uncertain: readonly string[];
};

const escaped = (text: string) => text.replace(/[.+*?()[\]{}|^$\\]/g, '\\$&');

const network = ['network and VLAN settings', 'firmware'];
const snomBlocks = ['000413', '1c7126'];

export const makes: Readonly<Record<VendorName, Make>> = {
  yealink: {
    ouis: '001565 805ec0 805e0c 249ad8 3497d7 44dbd2 644f56 b061a9 c4fc22 e434d7 ec1da9 f01653'.split(' '),
    files: (_, commonFile) => ['{mac}.boot', 'y000000000000.boot', ...given(commonFile), '{mac}.cfg'],
    userAgent(model) {
      const name = model.replace('_E2', '(?:_E2)?').replace(/^T58A$/, 'T58A?');
      return `^[Yy]ealink (?:SIP[- ])?(?:VP-)?${name} \\d[\\d.]*`;
    },
    resync: { event: 'check-sync;reboot=false', setting: 'sip.notify_reboot_enable = 0' },
    restartsFor: ['its first check-sync from the factory', 'language packs', ...network],
    uncertain: [
      'how long a change takes',
      'whether custom.protect = 0 undoes all that was set at the phone',
      'whether an empty list of contacts takes the place of those that it has',
    ],
  },
  snom: {
    ouis: snomBlocks,
    files: (model) => [`snom${model}.htm`, `snom${model}-{mac}.htm`, '{mac}.xml'],
    userAgent: (model) => `\\bsnom${model.replace(/^D(?=[37])/, 'D?')}(?:-SIP |/)`,
    resync: { event: 'check-sync;reboot=false', setting: 'checksync_action, empty' },
    restartsFor: ['TLS certificates', ...network],
    uncertain: ['whether a phone without a line key takes every call', 'language packs may need a restart'],
  },
  grandstream: {
    ouis: ['000b82', 'c074ad', 'ec74d7'],
    files: () => ['cfg{mac}', 'cfg{mac}.xml'],
    userAgent: (model) => `^Grandstream (?:Model HW )?${model}W?[PG]?(?: V\\S+)? (?:SW )?\\d[\\d.]*`,
    resync: { event: 'resync', setting: 'account.1.sip.allowSipReset = Yes' },
    restartsFor: network,
    uncertain: ['how long a change takes', 'whether it challenges the NOTIFY, and with which credential'],
  },
  fanvil: {
    ouis: ['0c383e', '00a859', '00a85a'],
    files: () => ['{mac}.cfg'],
    userAgent: (model) => `^Fanvil ${model.replace('-V2', '[- ]V2')}(?: [A-Za-z]\\w*)? \\d[\\d.]*(?: |$)`,
    resync: { event: 'check-sync', setting: 'NotifyReboot 0' },
    restartsFor: ['a change of its web port', ...network],
    uncertain: [
      'whether a file whose version stays the same is applied when its content changes',
      'names that are not ASCII on old firmware',
    ],
  },
  gigaset: {
    ouis: ['7c2f80', '589ec6', ...snomBlocks.slice(0, 1)],
    files: () => ['{mac}.xml'],
    userAgent: (model) => `[Gg]igaset.{0,40}\\b${model}\\b`,
    resync: { event: 'check-sync;reboot=false', setting: 'checksync_action, empty' },
    restartsFor: ['TLS certificates', ...network],
    uncertain: ['all of it: it is taken for the Snom phone it is built like', 'what it says in User-Agent'],
  },
  htek: {
    ouis: ['001fc1'],
    files: (_, commonFile) => [...given(commonFile), 'cfg{mac}.xml'],
    userAgent: (model) => `^Htek ${model}[A-Z]? \\d[\\d.]*`,
    resync: { event: 'resync', setting: 'none is known' },
    restartsFor: network,
    uncertain: ['whether a resync never restarts it', 'all numbers of settings rest on one source'],
  },
  poly: {
    ouis: ['0004f2', '64167f', '482567'],
    files: () => ['{mac}.cfg', 'hotdesk-{mac}.cfg'],
    userAgent: (model) => `Polycom\\w*-VVX_?${escaped(model.slice(3)).replace(/1$/, '[01]')}-UA/`,
    resync: { event: 'check-sync', setting: 'voIpProt.SIP.specialEvent.checkSync.alwaysReboot = 0' },
    restartsFor: ['its first config', ...network],
    uncertain: [
      'which changed settings make it restart',
      'whether a user’s own menu settings win over the file',
    ],
  },
  mitel: {
    ouis: ['00085d', '1400e9', '08000f'],
    files: () => ['startup.cfg', 'aastra.cfg', '{mac}.cfg'],
    userAgent: (model) => `(?:Mitel|Aastra) ?${model}[wd]?(?:[ /]|$)`,
    resync: { event: 'check-sync', setting: 'none is known' },
    restartsFor: network,
    uncertain: ['whether a check-sync restarts it', 'the dial plan for a second star'],
  },
};

const given = (file: string | undefined) => (file === undefined ? [] : [file]);

const byPrefix = new Map<string, VendorName[]>();
for (const [vendor, { ouis }] of Object.entries(makes) as [VendorName, Make][])
  for (const oui of ouis) byPrefix.set(oui, [...(byPrefix.get(oui) ?? []), vendor]);

/** The first is the one the block belongs to; empty: of nobody we know. */
export const makersOf = (mac: string): readonly VendorName[] => byPrefix.get(mac.slice(0, 6)) ?? [];

export const makerOf = (mac: string): VendorName | undefined => makersOf(mac)[0];
