/** A laid-out phone, area by area and page by page, and what stands beside it, with the keys that are only emptied. */

import type { LaidKey } from '#controller/layout/layout.ts';
import type { KeyArea, Model } from './model.ts';

export type AreaKey = {
  area: KeyArea;
  /** From 1. */
  page: number;
  /** On its page, from 1. */
  index: number;
  /** Undefined: nobody's. */
  key: LaidKey | undefined;
};

export function areaKeys({ areas }: Model, keys: readonly LaidKey[]): AreaKey[] {
  let next = 0;
  return areas.flatMap((area) =>
    Array.from({ length: area.pages * area.perPage }, (_, at) => {
      const [page, index] = [Math.floor(at / area.perPage) + 1, (at % area.perPage) + 1];
      const isUsed = index >= area.first && index <= area.last;
      return { area, page, index, key: isUsed ? keys[next++] : undefined };
    }),
  );
}

/** How many keys a layout has on a phone with that many modules beside it. */
export function keyCountOf({ keys, expansion }: Model, modules = 0): number {
  return keys + Math.min(modules, expansion.modules) * expansion.keys;
}

export type ExpansionKey = {
  /** From 1, as the keys of each module. */
  module: number;
  index: number;
  key: LaidKey | undefined;
};

/** All keys of all modules that the model can have; what is laid out goes on where the phone's own keys end. */
export function expansionKeys({ keys: own, expansion }: Model, laid: readonly LaidKey[]): ExpansionKey[] {
  const { modules, keys, keysWritten, unused } = expansion;
  let next = own;
  return Array.from({ length: modules }, (_, at) => at + 1).flatMap((module) => {
    const end = next + keys;
    return Array.from({ length: keysWritten }, (_, at): ExpansionKey => {
      const isUsed = next < end && at + 1 !== unused;
      return { module, index: at + 1, key: isUsed ? laid[next++] : undefined };
    });
  });
}
