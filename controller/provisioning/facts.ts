/** What is known of a model, as the API and the command line tell it to an admin. */

import { z } from 'zod';
import { atLogout, type Remembered, remembered } from './at-logout.ts';
import { makes } from './makes.ts';
import type { Model } from './model.ts';

const count = z.int().min(0);
const text = z.string().min(1);

export const modelRow = z.strictObject({
  /** Its name, and what stands in a path for it: no two makes have one name. */
  id: text,
  vendor: text,
  model: text,
  /** How many it has. */
  keys: z.int().min(1),
  /** What a layout may use, Login and Logout among them: less where the first ones stay with the line. */
  usableKeys: z.int().min(1),
  /** How many it takes, and what a layout may use of each: 0 where that is not known, and they are emptied. */
  expansion: z.strictObject({ modules: count, keys: count }),
  /** Tried on a handset. */
  verified: z.boolean(),
  /** `uncertain`: rests on one weak source, or on sources that differ. */
  confidence: z.enum(['documented', 'uncertain']),
  notes: z.string(),
});

const regExp = text.refine((source) => {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}, 'is no regular expression');

const fate = z.strictObject({
  state: z.enum(['emptied', 'off', 'stays', 'none']),
  settings: z.array(text),
  note: text.optional(),
});
type Fates = Record<Remembered, typeof fate>;

export const modelFacts = modelRow.extend({
  /** The keys that a config empties: more where sources differ. */
  keysWritten: count,
  /** Where Login is: the vendor's name for that kind of key, and its number there. */
  firstKey: z.strictObject({ area: text, number: z.int().min(1) }),
  accounts: z.int().min(1),
  /** In the order it asks for them. */
  files: z.array(text).min(1),
  userAgent: regExp,
  /** First halves of its maker's MAC addresses. */
  ouis: z.array(z.string().regex(/^[0-9a-f]{6}$/)).min(1),
  resync: z.strictObject({ event: text, setting: text }),
  restartsFor: z.array(text),
  /** What is left of its last user; `settings` are those that every config has for it. */
  atLogout: z.strictObject(Object.fromEntries(remembered.map((what) => [what, fate])) as Fates),
  /** What to try on one before buying many. */
  uncertain: z.array(text),
});

export type ModelRow = z.infer<typeof modelRow>;
export type ModelFacts = z.infer<typeof modelFacts>;

/** Models somebody has tried on a handset, from the factory to the second login. None so far. */
const verified: ReadonlySet<string> = new Set();

export function rowOf({ vendor, model, keys, keysSold = keys, ...more }: Model): ModelRow {
  const { expansion, confidence, notes } = more;
  return {
    id: model,
    ...{ vendor, model, keys: keysSold, usableKeys: keys },
    expansion: { modules: expansion.modules, keys: expansion.keys },
    verified: verified.has(`${vendor} ${model}`),
    ...{ confidence, notes },
  };
}

export function factsOf(model: Model): ModelFacts {
  const { ouis, files, userAgent, resync, restartsFor, uncertain } = makes[model.vendor];
  return {
    ...rowOf(model),
    keysWritten: model.keysWritten,
    firstKey: firstKeyOf(model),
    accounts: model.accounts,
    files: [...files(model.model, model.commonFile)],
    userAgent: userAgent(model.model),
    ouis: [...ouis],
    resync: model.isNumbered ? { ...resync, setting: 'P26015 = 1' } : { ...resync },
    restartsFor: [...restartsFor],
    atLogout: shownFates(model),
    uncertain: [...(model.notes === '' ? [] : [model.notes]), ...uncertain],
  };
}

const usualArea: Partial<Record<Model['vendor'], string>> = {
  yealink: 'linekey',
  snom: 'fkey',
  gigaset: 'fkey',
};

function firstKeyOf({ vendor, areas }: Model): ModelFacts['firstKey'] {
  const area = areas.find(({ pages, first, last }) => pages > 0 && last >= first);
  return { area: area?.name ?? usualArea[vendor] ?? 'key', number: area?.first ?? 1 };
}

function shownFates(model: Model): ModelFacts['atLogout'] {
  const fates = Object.entries(atLogout(model)).map(([what, { state, by, note }]) => {
    const settings = by.map(([setting, value]) => `${setting} = ${value ?? '(as from the factory)'}`);
    return [what, { state, settings, ...(note !== undefined && { note }) }];
  });
  return Object.fromEntries(fates) as ModelFacts['atLogout'];
}
