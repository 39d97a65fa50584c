/**
 * /call-quality: how calls were at each desk since the start, of those whose
 * media passes an agent or the controller. What a desk heard is what others
 * sent it, as it came to us; what it sent is what came from it.
 *
 *     GET /call-quality    → {items: [{device, site, calls, lastAt, heard, sent}]}, the worst heard first
 */

import { z } from 'zod';
import { deviceId } from '#controller/model/model.ts';
import type { DeskQuality, Store } from '#controller/model/ports.ts';
import { listing } from './list.ts';
import { listOf, moment, type Route, route } from './route.ts';

export type QualityDeps = { store: Pick<Store, 'get'>; quality(): readonly DeskQuality[] };

const sum = z.strictObject({
  packets: z.int(),
  lost: z.int(),
  lostPercent: z.number(),
  jitterMs: z.number(),
  silences: z.int(),
});
const shown = z.strictObject({
  device: deviceId,
  site: z.string().nullable(),
  calls: z.int(),
  lastAt: moment,
  heard: sum,
  sent: sum,
});
type Shown = z.infer<typeof shown>;

export function qualityRoutes({ store, quality }: QualityDeps): Route[] {
  const siteOf = (device: string) => store.get('devices', device)?.site;
  const listed = listing<DeskQuality, 'device' | 'site'>({
    id: ({ device }) => device,
    site: ({ device }) => siteOf(device),
    fields: { device: ({ device }) => device, site: ({ device }) => siteOf(device) },
    order: { by: ({ heard }) => percent(heard), isDown: true },
  });
  return [
    route(
      {
        method: 'get',
        path: '/call-quality',
        access: 'readOnly',
        tag: 'calls',
        summary: 'How calls were at each desk',
        query: listed.query,
        answer: listOf(shown),
      },
      ({ c, query }) => listed.page(c, query, quality(), toShown),
    ),
  ];

  function toShown({ device, heard, sent, ...rest }: DeskQuality): Shown {
    const site = siteOf(device) ?? null;
    return { device, site, ...rest, heard: withShare(heard), sent: withShare(sent) };
  }
}

const withShare = (one: DeskQuality['heard']) => ({ ...one, lostPercent: percent(one) });

const percent = ({ packets, lost }: { packets: number; lost: number }) =>
  packets + lost === 0 ? 0 : Math.round((lost / (packets + lost)) * 10_000) / 100;
