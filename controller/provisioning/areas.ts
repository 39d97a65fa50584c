/** A laid-out phone, area by area and page by page, with the keys that are only emptied. */

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
