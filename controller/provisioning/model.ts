/** What is known of a model of phone, and how its row in a registry is made. */

import type { VendorName } from './vendors.ts';

/** Keys that are numbered together, on pages that each begin again. */
export type KeyArea = {
  name: string;
  pages: number;
  perPage: number;
  /** The keys of each page that a layout may use; the others are emptied. */
  first: number;
  last: number;
};

/** Keys beside the phone, up to so many modules. Modules differ, and all that any of them has are emptied. */
export type Expansion = {
  modules: number;
  /** Of each: what a layout may use; 0 where it is not known how. */
  keys: number;
  keysWritten: number;
  /** The number of a key that does nothing. */
  unused?: number;
};

export type Model = {
  vendor: VendorName;
  model: string;
  /** What a layout may use. */
  keys: number;
  /** What a config empties: the most that any source counts. */
  keysWritten: number;
  /** How many it is sold with, where some of them are not for a layout: the line's, or those that not all sources have. */
  keysSold?: number;
  accounts: number;
  /** Where a vendor tells kinds of keys apart: in the order they are given out. */
  areas: readonly KeyArea[];
  /** Grandstream: its settings have numbers instead of names. */
  isNumbered?: true;
  /** Fanvil: its file is text instead of XML. */
  isText?: true;
  /** Yealink, Htek: the file all phones of this model ask for besides their own. */
  commonFile?: string;
  expansion: Expansion;
  /** How many pages of `keys` there are to turn; absent: one, or nobody knows. */
  pages?: number;
  /** `uncertain`: rests on one weak source, or on sources that differ. None was tried on a handset. */
  confidence: 'documented' | 'uncertain';
  /** What an admin should know before buying fifty of them. */
  notes: string;
};

export const certain = { confidence: 'documented', notes: '' } as const;
export const uncertain = (notes: string) => ({ confidence: 'uncertain', notes }) as const;

export const noExpansion: Expansion = { modules: 0, keys: 0, keysWritten: 0 };

/** `used` of each page; all of them unless it is given. */
export type Page = readonly [pages: number, perPage: number, used?: number];

export const page = (name: string, [pages, perPage, used = perPage]: Page): KeyArea => ({
  name,
  pages,
  perPage,
  first: 1,
  last: used,
});

/** What the areas add up to. */
export function keyed(areas: readonly KeyArea[]): Pick<Model, 'areas' | 'keys' | 'keysWritten'> {
  const sum = (of: (area: KeyArea) => number) =>
    areas.reduce((total, area) => total + area.pages * of(area), 0);
  return {
    areas,
    keys: sum(({ first, last }) => last - first + 1),
    keysWritten: sum(({ perPage }) => perPage),
  };
}
