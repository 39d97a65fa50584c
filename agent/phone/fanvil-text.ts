/**
 * A Fanvil, by the text that it exports itself: modules, in them lists, in them
 * one setting a line.
 *
 *     <SIP CONFIG MODULE>
 *     --SIP Line List--  :
 *     SIP1 Phone Number       :100      SIP CONFIG/SIP Line List/SIP1 Phone Number
 *
 * It is strict: a first line that is not 64 bytes with its end, another end of
 * line than CRLF, or a missing last line, and the whole file is rejected. And it
 * takes a heading for one wherever it stands.
 */

import { fanvil, toKey, transports } from './fanvil.ts';
import {
  type ConfigFile,
  Gathered,
  isCheckSync,
  type KeyArea,
  lastPart,
  linesOf,
  type Make,
  type PhoneModel,
  reject,
  saysReboot,
  toAccount,
} from './make.ts';

const model = (name: string, keys: KeyArea): PhoneModel => ({
  name,
  firmware: '2.4.5',
  keys: [keys],
  accounts: 20,
});

const autoUpdate = 'AUTOUPDATE CONFIG';

export const fanvilText: Make = {
  ...fanvil,
  models: [model('X3U', ['Sidekey', 3]), model('V65', ['Sidekey', 9, 3])],
  files({ mac, memory }) {
    const own = lastPart(memory.get(`${autoUpdate}/Flash File Name`)).replaceAll('$mac', mac);
    const common = memory.get(`${autoUpdate}/Download CommonConf`) === '0' ? [] : [['F00000000000.cfg']];
    return [...common, [own || `${mac}.cfg`]];
  },
  parse,

  accountOf(memory) {
    const read = (name: string) => memory.get(`SIP CONFIG/SIP Line List/SIP1 ${name}`) ?? '';
    return toAccount({
      isOn: read('Enable Reg') === '1',
      userName: read('Phone Number'),
      authName: read('Register User'),
      password: read('Register Pswd'),
      label: read('Sip Name'),
      displayName: read('Display Name'),
      host: read('Register Addr'),
      port: read('Register Port'),
      transport: transports[read('Transport')],
      expires: read('Register TTL'),
    });
  },

  keyAt(memory, { area, page, index }) {
    const read = (part: string) =>
      memory.get(`DSSKEY CONFIG/${area} Config${page}/Fkey${index} ${part}`) ?? '';
    return { ...toKey(read('Type') || '0', read('Value')), label: read('Title') };
  },

  onCheckSync(memory, event) {
    if (!isCheckSync(event)) return undefined;
    return memory.get('SIP CONFIG/Notify Reboot') === '0' && !saysReboot(event) ? 'update' : 'reboot';
  },

  isCareful: (memory) => memory.get('SIP CONFIG/Strict UA Match') === '1',
};

const endOfFile = '<<END OF FILE>>';
const firstForm = /^<<VOIP CONFIG FILE>>Version:\d\.\d{4,10} *$/;

/** The lines between the first and the last. */
function linesIn(text: string, name: string): string[] {
  const [first = '', ...lines] = text.split('\r\n');
  if (!firstForm.test(first) || first.length !== 62) throw reject(name, 'its first line is not the format’s');
  if (lines.at(-1) !== '' || lines.at(-2) !== endOfFile) throw reject(name, 'it has no end');
  if (lines.some((line) => linesOf(line).length > 1)) throw reject(name, 'a line does not end with CRLF');
  return lines.slice(0, -2);
}

function parse(text: string, name: string): ConfigFile {
  const file = new Gathered(name);
  let module = '';
  let list = '';
  for (const line of linesIn(text, name)) {
    const heading = /^<([A-Z0-9 ]+) MODULE>$/.exec(line)?.[1];
    const title = /^--([^-].*?)--\s*:$/.exec(line)?.[1];
    const [, setting, value = ''] = /^([A-Za-z][^:<]*?) *:(?!<)((?:[^<]|<(?!<))*)$/.exec(line) ?? [];
    if (heading !== undefined) [module, list] = [heading, ''];
    else if (title !== undefined) list = `${title}/`;
    else if (setting !== undefined && module !== '') file.set(`${module}/${list}${setting}`, value);
    else if (line !== '') file.skipped++;
  }
  return file;
}
