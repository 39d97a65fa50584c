/**
 * /models: the phones that can be set up.
 *
 *     GET    /models        → {items: [row]}, `?vendor=snom`, `?q=` for any part of a name
 *     GET    /models/:id    → all that is known of one, by any spelling of its name; `changeOvers`: what they took here
 */

import { z } from 'zod';
import type { ChangeOvers } from '#controller/model/ports.ts';
import { factsOf, type ModelRow, modelFacts, modelRow, rowOf } from '#controller/provisioning/facts.ts';
import { findModel, models } from '#controller/provisioning/models.ts';
import { vendors } from '#controller/provisioning/vendors.ts';
import { Fault } from '#protocol/fault.ts';
import { nearest } from '#protocol/nearest.ts';
import { listing } from './list.ts';
import { wrong } from './read.ts';
import { listOf, type Route, route } from './route.ts';

const rows = models.map(rowOf);

const list = listing<ModelRow, 'vendor' | 'model' | 'confidence'>({
  id: ({ id }) => id,
  fields: { vendor: (row) => row.vendor, model: (row) => row.model, confidence: (row) => row.confidence },
});

const oneModel = modelFacts.extend({
  /** Since the controller started; null: there was none. */
  changeOvers: z
    .strictObject({
      count: z.int().min(0),
      stuck: z.int().min(0),
      minMs: z.int().min(0),
      medianMs: z.int().min(0),
      maxMs: z.int().min(0),
    })
    .nullable(),
});

export type ModelDeps = { changeOvers: Pick<ChangeOvers, 'times'> };

export function modelRoutes({ changeOvers }: ModelDeps): Route[] {
  return [
    route(
      {
        ...{ method: 'get', path: '/models', access: 'readOnly', tag: 'models', summary: 'All models' },
        query: list.query,
        answer: listOf(modelRow),
      },
      ({ c, query }) => {
        checkVendor(query.vendor);
        return list.page(c, query, rows, (row) => row);
      },
    ),
    route(
      {
        ...{ method: 'get', path: '/models/{id}', access: 'readOnly', tag: 'models', summary: 'One model' },
        answer: oneModel,
      },
      ({ params }) => {
        const facts = factsOf(known(params.id));
        const times = changeOvers.times().find(({ model }) => model === facts.model);
        const { vendor: _, model: __, ...took } = times ?? { vendor: '', model: '' };
        return { ...facts, changeOvers: times === undefined ? null : took };
      },
    ),
  ];
}

function checkVendor(vendor: string | undefined): void {
  const names = Object.keys(vendors);
  if (vendor === undefined || names.includes(vendor)) return;
  const near = nearest(vendor, names);
  throw wrong(
    'vendor',
    `is one of ${names.join(', ')}${near === undefined ? '' : `; did you mean "${near}"?`}`,
  );
}

function known(id: string) {
  try {
    return findModel(id);
  } catch (error) {
    if (!Fault.is(error)) throw error;
    throw new Fault('not.found', error.message, { noun: 'model', id: id.slice(0, 64) });
  }
}
