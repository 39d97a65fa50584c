/**
 * Fanvil's config file as text: what a phone of that kind exports itself. The
 * settings are those of the XML form (./fanvil.ts); here they only get their
 * place and their spelling.
 *
 *     <<VOIP CONFIG FILE>>Version:2.0000000000            padded: 64 bytes with its CRLF
 *     <SIP CONFIG MODULE>
 *     Notify Reboot      :0
 *     --SIP Line List--  :
 *     SIP1 Phone Number       :100
 *     <<END OF FILE>>
 *
 * A phone passes over a name that is not spelt as it does, blanks included. The
 * names are those of an X3U's export; they are the names of the XML with blanks.
 */

import { toLine } from './vendor.ts';
import type { Element, Value } from './xml.ts';

const firstLine = (version: string) => `<<VOIP CONFIG FILE>>Version:${version}`.padEnd(62);
const nameWidth = 19;

/** By where a setting is in the XML; each # is the index of an element on the way to it. */
// biome-ignore format: a table
const places: Readonly<Record<string, readonly [module: string, section: string, prefix: string]>> = {
  'fwCheck':              ['FIRMWARE CHECK',    '',                ''],
  'sip':                  ['SIP CONFIG',        '',                ''],
  'sip/line':             ['SIP CONFIG',        'SIP Line List',   'SIP# '],
  'call/port':            ['CALL FEATURE',      'Port Config',     'P# '],
  'call/basic':           ['CALL FEATURE',      'Basic DialPlan',  ''],
  'phone':                ['PHONE FEATURE',     '',                ''],
  'phone/display':        ['PHONE FEATURE',     'Display Input',   ''],
  'phone/date':           ['PHONE FEATURE',     'DateTime Config', ''],
  'phone/softkey':        ['PHONE FEATURE',     'Softkey Config',  ''],
  'dsskey':               ['DSSKEY CONFIG',     '',                ''],
  'dsskey/dssSide/Fkey':  ['DSSKEY CONFIG',     'Sidekey Config#', 'Fkey# '],
  'dsskey/internal/Fkey': ['DSSKEY CONFIG',     'Dsskey Config#',  'Fkey# '],
  'web':                  ['MMI CONFIG',        '',                ''],
  'web/account':          ['MMI CONFIG',        'MMI Account',     'Account# '],
  'mt':                   ['MAINTENANCE CONFIG', '',               ''],
  'ap':                   ['AUTOUPDATE CONFIG', '',                ''],
  'ap/pnp':               ['AUTOUPDATE CONFIG', 'Sip Pnp List',    ''],
  'ap/opt':               ['AUTOUPDATE CONFIG', 'Net Option',      ''],
};

const spellings = `
  Enable Auto Upgrade|Notify Reboot|Strict UA Match
  Phone Number|Display Name|Sip Name|Register Addr|Register Port|Register User|Register Pswd|Register TTL|Enable Reg
  Proxy Addr|Proxy Port|Proxy User|Proxy Pswd|Backup Addr|Backup Port|Transport|VoiceCodecMap|DTMF Mode|Media Crypto
  Pickup Num|Unregister On Boot|Uri Escaped|MWI Num|Subscribe|Always FWD|Always FWD Num|Busy FWD|Busy FWD Num
  No Answer FWD|NoAnswer FWD Num|Enable Hotline|Hotline Num|Enable DND|Auto Answer|MissedCallLog|SvcCode Mode
  DNDOn SvcCode|DNDOff SvcCode|CFUOn SvcCode|CFUOff SvcCode|CFBOn SvcCode|CFBOff SvcCode|CFNOn SvcCode|CFNOff SvcCode
  ANCOn SvcCode|ANCOff SvcCode|Send ANOn Code|Send ANOffCode|CW On Code|CW Off Code
  DND Mode|Allow IP Call|IP Dial Prefix|Use Auto Redial|Redial EnterCallLog|Ban Dial Out|CallWaiting|Enable PreDial
  Dial by Pound|Dial Fixed Length|Dial by Timeout
  Desktop Softkey|Menu Password|Enable KeyLock|Enable Call History|Default Language|LCD Title
  Enable SNTP|SNTP Server|Second SNTP Server|Time Zone|Time Zone Name|DST Min Offset
  DST Start Mon|DST Start Week|DST Start Wday|DST Start Hour|DST End Mon|DST End Week|DST End Wday|DST End Hour
  SideKey Page Num|FuncKey Page Num|Type|Value|Title|Enable Telnet|Name|Password|Level
  Default Username|Default Password|Download CommonConf|Save Provision Info|Auto Server Digest
  Flash Server IP|Flash File Name|Flash Protocol|Flash Mode|Flash Interval|PNP Enable|DHCP Option`
  .trim()
  .split(/\s*[|\n]\s*/);

const names = new Map([
  ...spellings.map((name) => [name.replaceAll(' ', ''), name] as const),
  ['EnableDST', 'DST Type'],
]);

type Place = { module: string; section: string; name: string };

/** Undefined: the export has no such setting. `path` is as `sip/line[1]/PhoneNumber`. */
function placeOf(path: string): Place | undefined {
  const indices = [...path.matchAll(/\[(\d+)\]/g)].map(([, index = '']) => index);
  const plain = path.replace(/\[\d+\]/g, '');
  const [above, leaf] = [plain.slice(0, plain.lastIndexOf('/')), plain.slice(plain.lastIndexOf('/') + 1)];
  const [place, name] = [places[above], names.get(leaf)];
  if (place === undefined || name === undefined) return undefined;
  const [module, section, prefix] = place.map((part) => part.replace('#', () => indices.shift() ?? ''));
  return { module: module ?? '', section: section ?? '', name: `${prefix}${name}` };
}

/** What a setting of the XML is called here, in full: `SIP CONFIG/SIP Line List/SIP1 Phone Number`. */
export function textNameOf(path: string): string {
  const place = placeOf(path);
  if (place === undefined) return path;
  return [place.module, place.section, place.name].filter((part) => part !== '').join('/');
}

export function formatText(version: string, modules: readonly Element[]): string {
  const byModule = new Map<string, Map<string, string[]>>();
  for (const [path, value] of modules.flatMap((each) => leaves(each, ''))) {
    const place = placeOf(path);
    if (place === undefined) continue;
    const sections = byModule.get(place.module) ?? new Map<string, string[]>();
    byModule.set(place.module, sections);
    const lines = sections.get(place.section) ?? [];
    sections.set(place.section, [...lines, formatSetting(place.name, value)]);
  }
  const written = [...byModule].flatMap(([module, sections]) => [
    `<${module} MODULE>`,
    ...[...sections].flatMap(([section, lines]) =>
      section === '' ? lines : [`${`--${section}--`.padEnd(nameWidth)}:`, ...lines],
    ),
    '',
  ]);
  return [firstLine(version), '', ...written, '<<END OF FILE>>', ''].join('\r\n');
}

function leaves([name, content, { index } = {}]: Element, above: string): [path: string, value: Value][] {
  const path = `${above}${name}${index === undefined ? '' : `[${index}]`}`;
  return typeof content === 'object'
    ? content.flatMap((child) => leaves(child, `${path}/`))
    : [[path, content]];
}

/** Padded as the phone does it: the name without the `SIP1` before it. */
function formatSetting(name: string, value: Value): string {
  const prefix = /^(?:SIP|P|Fkey|Account)\d+ /.exec(name)?.[0] ?? '';
  return `${name.padEnd(prefix.length + nameWidth)}:${toText(value)}`;
}

/** There is no escape. A phone that looks for headings anywhere, not only where a line begins, finds none in a name. */
const toText = (value: Value) => toLine(value).replace(/^<|<(?=<)/g, '(');
