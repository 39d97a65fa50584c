/**
 * Where a device is: its own place over its site's, never the user's. Pure.
 *
 *     callerId, callbackNumber   each the device's, else the site's
 *     which building             the device's when it names any of it, else the site's
 *     where in the building      each the device's; the site's only where the building is the site's
 */

import type { Device, Site } from '#controller/model/model.ts';
import { insideFields, outsideFields, type Place } from '#controller/model/place.ts';

export function placeOf(device: Pick<Device, 'place'>, site: Pick<Site, 'place'> | undefined): Place {
  const own = given(device.place);
  const shared = given(site?.place);
  const isElsewhere = outsideFields.some((field) => own[field] !== undefined);
  const numbers = only({ ...shared, ...own }, ['callerId', 'callbackNumber']);
  if (isElsewhere) return { ...only(own, outsideFields), ...only(own, insideFields), ...numbers };
  return { ...only(shared, outsideFields), ...only({ ...shared, ...own }, insideFields), ...numbers };
}

/** Who calls, and where to call back: the device's name when no number is known, which its own gateway can ring. */
export function numbersOf(device: Pick<Device, 'id'>, place: Place): { callerId: string; callback: string } {
  const callerId = place.callerId ?? place.callbackNumber ?? device.id;
  return { callerId, callback: place.callbackNumber ?? callerId };
}

/** What keeps help from finding it: sentences for people. */
export function placeProblems(place: Place): string[] {
  const problems: string[] = [];
  const missing = (['country', 'A3'] as const).filter((field) => place[field] === undefined);
  if (place.RD === undefined && place.LMK === undefined) {
    problems.push('place: no road (RD): an emergency call does not tell where to come');
  } else if (missing.length > 0) {
    problems.push(`place: no ${missing.map((field) => titles[field]).join(' and no ')}`);
  }
  if (place.callerId === undefined) {
    problems.push('place: no callerId: an emergency call shows no number of its own');
  }
  return problems;
}

const titles = { country: 'country', A3: 'city (A3)' } as const;

/** In one line, as an address is read out: road and number, code and city, then where in the building. */
export function placeLine(place: Place): string {
  const join = (...parts: (string | undefined)[]) => parts.filter((part) => part !== undefined).join(' ');
  const { PRD, RD, STS, POD, HNO, HNS, PC, A3, country } = place;
  const within = insideFields.flatMap((field) =>
    place[field] === undefined ? [] : `${field} ${place[field]}`,
  );
  return [join(PRD, RD, STS, POD, HNO, HNS), place.LMK, join(PC, A3), country, ...within]
    .filter((part) => part !== undefined && part !== '')
    .join(', ');
}

type Known = Partial<Record<keyof Place, string>>;

const given = (place: Place | undefined): Known =>
  Object.fromEntries(Object.entries(place ?? {}).filter(([, value]) => value !== undefined));

function only(place: Known, fields: readonly (keyof Place)[]): Place {
  return Object.fromEntries(
    fields.flatMap((field) => (place[field] === undefined ? [] : [[field, place[field]]])),
  );
}
