/** The noun `emergency`, and what site and device are told of places and routes. */

import { Fault } from '#protocol/fault.ts';
import { field, type Row } from './table.ts';
import { type Call, type Flag, item, last, type Noun, valued } from './verb.ts';

const placeFlags: readonly Flag[] = [
  valued('emergency-caller-id', 'NUMBER', 'what an emergency call shows; "" removes it'),
  valued('callback-number', 'NUMBER', 'where an emergency call is called back; "" removes it'),
  valued(
    'address',
    'NAME=TEXT',
    'as RD=Main Street (RFC 5139); may be given again; without TEXT it removes one',
  ),
  valued('floor', 'TEXT', 'where in the building; "" removes it'),
  valued('room', 'TEXT', 'where on the floor; "" removes it'),
];

export const devicePlaceFlags = placeFlags;

export const siteEmergencyFlags: readonly Flag[] = [
  ...placeFlags,
  valued(
    'emergency-route',
    'ROUTE',
    'gateway or upstream:ID, in order; with ,value or ,reference it carries the place; replaces all, "none" the default',
  ),
  valued('emergency-contact', 'URL', 'a webhook; may be given again, replaces all; "none" removes all'),
  valued('emergency-test-number', 'NUMBER', 'tests the routes and calls nobody; "none" removes it'),
];

/** The field `place` of a PATCH; undefined: nothing of it was said. */
export function placeOf(call: Call): { place?: Row } {
  const place: Record<string, string | null> = {};
  const names = {
    ...{ callerId: 'emergency-caller-id', callbackNumber: 'callback-number', floor: 'floor', room: 'room' },
  };
  for (const [name, flag] of Object.entries(names)) {
    const text = last(call, flag);
    if (text !== undefined) place[name] = text === '' ? null : text;
  }
  for (const text of call.flags.get('address') ?? []) {
    const [, name, value] = /^([A-Za-z0-9]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined) {
      throw new Fault('input.invalid', `--address: "${text}" is not NAME=TEXT`, { field: 'address' });
    }
    place[name] = value === '' || value === undefined ? null : value;
  }
  return Object.keys(place).length === 0 ? {} : { place };
}

/** What a site is told besides its place. */
export function emergencyFields(call: Call): Row {
  const { flags } = call;
  const [routes, contacts] = [flags.get('emergency-route'), flags.get('emergency-contact')];
  const test = last(call, 'emergency-test-number');
  return {
    ...placeOf(call),
    ...(routes && { emergencyRoutes: routes.includes('none') ? null : routes.map(readRoute) }),
    ...(contacts && { emergencyContacts: contacts.includes('none') ? null : contacts }),
    ...(test !== undefined && { emergencyTestNumber: test === 'none' ? null : test }),
  };
}

/** `gateway`, `upstream:telco,value`. */
function readRoute(text: string): Row {
  const [, type, upstream, location = 'none'] =
    /^(gateway|upstream)(?::([^,]*))?(?:,(\w+))?$/.exec(text) ?? [];
  if (type === undefined || (type === 'upstream') !== (upstream !== undefined)) {
    throw new Fault('input.invalid', `--emergency-route: "${text}" is neither gateway nor upstream:ID`, {
      field: 'emergency-route',
    });
  }
  return { type, location, ...(upstream !== undefined && { upstream }) };
}

const at = (site: string | undefined, rest: string) => `/sites/${encodeURIComponent(site ?? '')}/${rest}`;

export const emergencyNoun: Noun = {
  about: 'calls for help, and whether they would get through',
  verbs: {
    list: {
      about: 'the last 200 calls',
      args: [],
      async run({ client }) {
        const { items } = (await client.ask('GET', '/emergency-calls')) as { items: Row[] };
        const columns = ['at', 'device', 'site', 'number', 'state', 'route', 'status', 'callerId', 'place'];
        return { type: 'items', items, columns: columns.map((name) => field(name)) };
      },
    },
    test: {
      about: 'every route of a site, without calling anybody',
      args: ['SITE'],
      flags: [valued('device', 'HDnnnn', 'as if from there; else one of the site')],
      async run(call) {
        const device = last(call, 'device');
        const body = device === undefined ? {} : { device };
        const json = (await call.client.ask('POST', at(call.args[0], 'emergency-test'), body)) as Row;
        const steps = json.steps as { route: string; step: string; ok: boolean; detail: string }[];
        const lines = steps.map((s) => `${s.ok ? 'ok    ' : 'FAILED'}  ${s.route}  ${s.step}: ${s.detail}`);
        if (json.ok === true) return { type: 'text', text: lines.join('\n'), json };
        throw new Fault('conflict', `emergency test failed\n${lines.join('\n')}`, { status: 200 });
      },
    },
    secret: {
      about: 'what signs the notices to a site’s contacts',
      args: ['SITE'],
      run: ({ client, args }) => item(client.ask('GET', at(args[0], 'webhook-secret'))),
    },
  },
};
