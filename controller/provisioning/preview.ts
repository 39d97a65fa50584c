/** A layout as people see it: which key is on which page of the phone, or on which module beside it. */

import { type LayoutInput, layoutKeys } from '#controller/layout/layout.ts';
import type { Key } from '#controller/model/model.ts';
import { areaKeys, expansionKeys, keyCountOf } from './areas.ts';
import type { Model } from './model.ts';

export type PreviewKey = Key & {
  /** Of the layout, from 1: the phone's own keys, then those beside it. */
  position: number;
  /** 0: the phone; from 1: a module beside it. */
  module: number;
  /** Of the phone's display, from 1. */
  page: number;
  /** The vendor's name for that kind of key, where a phone has several. */
  area?: string;
};

export type Preview = { keys: PreviewKey[]; cut: Key[] };

export function previewOf(model: Model, input: Omit<LayoutInput, 'count'>, modules = 0): Preview {
  const { keys, cut } = layoutKeys({ ...input, count: keyCountOf(model, modules) });
  const own = placesOf(model);
  const beside = expansionKeys(model, keys).flatMap(({ module, key }) =>
    key === undefined ? [] : [{ module, page: 1 }],
  );
  const places = [...own, ...beside];
  return {
    keys: keys.map((key, at) => ({ module: 0, page: 1, ...places[at], ...key })),
    cut,
  };
}

type Place = Pick<PreviewKey, 'module' | 'page' | 'area'>;

/** Of the phone's own keys, in the order a layout fills them. */
function placesOf(model: Model): Place[] {
  const { keys, pages = 1 } = model;
  const perPage = Math.ceil(keys / pages);
  const turned = Array.from({ length: keys }, (_, at) => ({ module: 0, page: Math.floor(at / perPage) + 1 }));
  if (model.areas.length === 0) return turned;
  return areaKeys(model, [])
    .filter(({ area, index }) => index >= area.first && index <= area.last)
    .map(({ area, page }) => ({ module: 0, page, area: area.name }));
}
