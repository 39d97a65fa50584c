/**
 * What happened at the desks, for who asks why.
 *
 *     GET /devices/:id/events    → {items: [event]}, the latest first
 *     GET /sessions/history      → {items: [{device, extension, since?, how?, until?, ended?, reason?}]},
 *                                  who sat where from when to when; without `until` he still does
 *
 * Each desk keeps its last 60 events.
 */

import { z } from 'zod';
import { type DeskEvent, type DeskHistory, deskEvent } from '#controller/model/desk-events.ts';
import { siteId } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import { listing } from './list.ts';
import { missing } from './read.ts';
import { listOf, moment, type Route, route } from './route.ts';

const shownEvent = deskEvent.extend({ at: moment });

const shownStay = z.strictObject({
  device: z.string(),
  site: siteId,
  extension: z.string(),
  since: moment.optional(),
  how: z.string().optional(),
  until: moment.optional(),
  ended: z.string().optional(),
  reason: z.string().optional(),
});

/** Somebody at a desk. What began before the oldest event has no `since`. */
type Stay = z.infer<typeof shownStay>;

type Numbered = DeskEvent & { index: number };

const events = listing<Numbered, 'type' | 'at' | 'extension' | 'how'>({
  id: ({ index }) => String(index),
  fields: {
    type: ({ type }) => type,
    at: ({ at }) => at,
    extension: ({ extension }) => extension,
    how: ({ how }) => how,
  },
  order: { by: ({ at, index }) => at * 100 + index, isDown: true },
});

const stays = listing<Stay, 'device' | 'site' | 'extension' | 'since' | 'ended'>({
  id: ({ device, extension, since, until }) => `${device} ${extension} ${since ?? until}`,
  site: ({ site }) => site,
  fields: {
    device: ({ device }) => device,
    site: ({ site }) => site,
    extension: ({ extension }) => extension,
    since: ({ since }) => since,
    ended: ({ ended }) => ended,
  },
  order: { by: ({ since, until }) => since ?? until, isDown: true },
});

const iso = (at: number) => new Date(at).toISOString();

const named = (name: string, value: string | undefined) => (value === undefined ? {} : { [name]: value });

export function historyRoutes({ store }: { store: Store }): Route[] {
  function staysAt({ device, events: all }: DeskHistory): Stay[] {
    const site = store.get('devices', device)?.site;
    if (site === undefined) return [];
    const found: Stay[] = [];
    for (const event of all) {
      const who = { device, site, extension: event.extension ?? '' };
      if (event.type === 'login') found.push({ ...who, since: iso(event.at), ...named('how', event.how) });
      else if (event.type === 'logout') end(found, who, event);
    }
    return found;
  }

  function end(found: Stay[], who: Pick<Stay, 'device' | 'site' | 'extension'>, event: DeskEvent): void {
    const open = found.at(-1);
    const isOpen = open !== undefined && open.until === undefined && open.extension === who.extension;
    const stay: Stay = isOpen ? open : who;
    if (!isOpen) found.push(stay);
    Object.assign(stay, {
      until: iso(event.at),
      ...named('ended', event.how),
      ...named('reason', event.reason),
    });
  }

  return [
    route(
      {
        method: 'get',
        path: '/devices/{id}/events',
        access: 'readOnly',
        tag: 'devices',
        summary: 'What happened at a device',
        query: events.query,
        answer: listOf(shownEvent),
      },
      ({ c, params: { id }, query }) => {
        if (store.get('devices', id) === undefined) throw missing('device', id);
        const all = (store.get('deskEvents', id)?.events ?? []).map((each, index) => ({ ...each, index }));
        return events.page(c, query, all, ({ index: _, ...each }) => ({ ...each, at: iso(each.at) }));
      },
    ),
    route(
      {
        method: 'get',
        path: '/sessions/history',
        access: 'readOnly',
        tag: 'sessions',
        summary: 'Who sat where, from when to when',
        query: stays.query,
        answer: listOf(shownStay),
      },
      ({ c, query }) => stays.page(c, query, store.list('deskEvents').flatMap(staysAt), (stay) => stay),
    ),
  ];
}
