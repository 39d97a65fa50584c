/**
 * An Htek: XML whose elements are settings by number (P-codes); what else an
 * element says is for people. It asks for its model's file, then for its own.
 */

import {
  type ConfigFile,
  Gathered,
  isCheckSync,
  type Make,
  type PhoneModel,
  reject,
  saysReboot,
  spelt,
} from './make.ts';
import { accountOfCodes } from './p-codes.ts';
import { parseXml } from './xml.ts';

const model = (name: string, common: string, keys: number): PhoneModel => ({
  name,
  firmware: '2.0.4.2',
  common,
  keys: [['key', keys]],
  accounts: 16,
});

export const htek: Make = {
  models: [
    model('UC842', 'cfg0001.xml', 4),
    model('UC903', 'cfg0016.xml', 20),
    model('UC926', 'cfg0010.xml', 36),
  ],
  userAgent: ({ name, firmware }) => `Htek ${name} ${firmware}`,
  httpUserAgent: ({ name, firmware }, mac) => `Htek ${name} ${firmware} ${spelt(mac, ':')}`,
  files: ({ mac, model: { common = '' } }) => [[common], [`cfg${mac}.xml`]],
  parse,

  accountOf: (memory) => accountOfCodes(memory, 20_000),

  /** Type, value and label of the first four keys are a hundred codes apart, of the others next to each other. */
  keyAt(memory, { position }) {
    const [first, apart] = position <= 4 ? [41_199 + position, 100] : [20_175 + 5 * position, 1];
    const read = (part: number) => memory.get(`P${first + apart * part}`) ?? '';
    const type = read(0) || '0';
    return { type: keyTypes[type] ?? `type ${type}`, value: read(1), label: read(2) };
  },

  /** `resync` fetches; `check-sync` does so too, and restarts when it says so. */
  onCheckSync(_memory, event) {
    if (!/^(?:resync|check-sync)\b/i.test(event)) return undefined;
    return isCheckSync(event) && saysReboot(event) ? 'reboot' : 'update';
  },

  isCareful: () => false,
  asksWho: () => false,
  authorityOf: () => undefined,
};

const keyTypes: Readonly<Record<string, string>> = {
  0: 'none',
  1: 'line',
  2: 'speeddial',
  3: 'blf',
  8: 'park',
};

function parse(text: string, name: string): ConfigFile {
  const root = parseXml(text, name);
  if (root.name !== 'hl_provision') throw reject(name, 'its root is not <hl_provision>');
  const file = new Gathered(name);
  for (const { name: part, children } of root.children) {
    if (part !== 'config') file.skipped++;
    else for (const item of children) takeItem(item, file);
  }
  return file;
}

function takeItem({ name, text }: { name: string; text: string }, file: Gathered): void {
  if (/^P\d+$/.test(name)) file.set(name, text);
  else file.skipped++;
}
