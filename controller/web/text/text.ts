/**
 * What the page says, in every language it speaks. English is the measure: a
 * word that another language lacks is a type error there.
 */

import { de } from './de.ts';
import { en } from './en.ts';

/** The same words with the same parameters. */
export type Same<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Same<T[K]> };

export type Text = Same<typeof en>;

export const languages = [
  ['en', 'English'],
  ['de', 'Deutsch'],
] as const;

export type Language = (typeof languages)[number][0];

const texts: Record<Language, Text> = { en, de };

export const textOf = (language: Language): Text => texts[language];
