/**
 * A Grandstream that knows settings by number alone (`config version="1"`): the
 * GXP1628 and the GXP1630. Its line keys come first and are the lines' own; its
 * multi-purpose keys are never off, and one without a number shows nothing.
 */

import { grandstream, resync } from './grandstream.ts';
import { type Make, noKey, type PhoneModel } from './make.ts';
import { accountOfCodes } from './p-codes.ts';

const model = (name: string, accounts: number): PhoneModel => ({
  name,
  firmware: '1.0.4.138',
  keys: [
    ['line', accounts],
    ['mpk', 8],
  ],
  accounts,
});

export const grandstreamNumbered: Make = {
  ...grandstream,
  models: [model('GXP1628', 2), model('GXP1630', 3)],

  accountOf: (memory) => accountOfCodes(memory, 270),

  /** The mode has a row of codes of its own, the other fields stand together; the last key has all four together. */
  keyAt(memory, { area, index }) {
    if (area === 'line') return { ...noKey, type: 'line' };
    const read = (code: number) => memory.get(`P${code}`) ?? '';
    const [mode, label] = index < 8 ? [322 + index, 299 + 3 * index] : [353, 355];
    const value = read(label + 1);
    const type = keyTypes[read(mode) || '0'] ?? `mode ${read(mode)}`;
    return value === '' ? noKey : { type, value, label: read(label) };
  },

  onCheckSync: (memory, event) => resync(event, memory.get('P26015') === '1'),
  asksWho: (memory) => memory.get('P4428') !== '1',
  isCareful: (memory) => memory.get('P2347') === '1',
};

const keyTypes: Readonly<Record<string, string>> = { 0: 'speeddial', 1: 'blf', 9: 'park' };
