/**
 * PIDF-LO: where a device is, as emergency services read it (RFC 4119, with the
 * civic address of RFC 5139 and the order of things of RFC 5491 3).
 *
 *     presence entity=device
 *       dm:device
 *         gp:geopriv ─ gp:location-info ─ ca:civicAddress ─ country, A1, … in the schema's order
 *                    ├ gp:usage-rules                       may it be passed on, until when
 *                    └ gp:method                            Manual: somebody typed it
 *         dm:deviceID                                       mac:…
 *         dm:timestamp
 *
 * `checkPidfLo` reads one back and says what is wrong with it: a test of the
 * route uses it on what would have been sent.
 */

import type { Place } from '#controller/model/place.ts';

export type PidfLo = {
  device: string;
  mac: string;
  place: Place;
  /** Of the address's words. */
  language: string;
  at: Date;
};

/** RFC 5139 4: the schema is a sequence. */
const sequence = [
  ...[
    'country',
    'A1',
    'A2',
    'A3',
    'A4',
    'A5',
    'A6',
    'PRM',
    'PRD',
    'RD',
    'STS',
    'POD',
    'POM',
    'RDSEC',
    'RDBR',
  ],
  ...['RDSUBBR', 'HNO', 'HNS', 'LMK', 'LOC', 'FLR', 'NAM', 'PC', 'BLD', 'UNIT', 'ROOM', 'SEAT', 'PLC', 'PCN'],
  ...['POBOX', 'ADDCODE'],
];

const ownNames: Readonly<Record<string, keyof Place>> = { FLR: 'floor', ROOM: 'room' };

const namespaces = {
  xmlns: 'urn:ietf:params:xml:ns:pidf',
  'xmlns:dm': 'urn:ietf:params:xml:ns:pidf:data-model',
  'xmlns:gp': 'urn:ietf:params:xml:ns:pidf:geopriv10',
  'xmlns:gbp': 'urn:ietf:params:xml:ns:pidf:geopriv10:basicPolicy',
  'xmlns:ca': 'urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr',
} as const;

/** How long who gets it may keep it: a day, which is what RFC 4119 2.2.2 says without a rule. */
const retentionMs = 24 * 3_600_000;

export const pidfLoType = 'application/pidf+xml';

export function formatPidfLo({ device, mac, place, language, at }: PidfLo): string {
  const address = sequence.flatMap((name) => {
    const value = place[ownNames[name] ?? (name as keyof Place)];
    return value === undefined ? [] : [element(`ca:${name}`, escaped(value))];
  });
  const spaces = Object.entries(namespaces).map(([name, value]) => `${name}="${value}"`);
  const until = new Date(at.getTime() + retentionMs);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${[
    `<presence ${spaces.join(' ')} entity="pres:${device}@hotdesk.invalid">`,
    `<dm:device id="${device}"><gp:geopriv>`,
    `<gp:location-info><ca:civicAddress xml:lang="${language}">`,
    ...address,
    '</ca:civicAddress></gp:location-info>',
    '<gp:usage-rules>',
    element('gbp:retransmission-allowed', 'true'),
    element('gbp:retention-expiry', seconds(until)),
    '</gp:usage-rules>',
    element('gp:method', 'Manual'),
    '</gp:geopriv>',
    element('dm:deviceID', `mac:${mac}`),
    element('dm:timestamp', seconds(at)),
    '</dm:device></presence>',
  ].join('\n')}\n`;
}

/** Undefined: nothing is wrong with it. */
export function checkPidfLo(text: string): string | undefined {
  const opened = readElements(text);
  if (typeof opened === 'string') return opened;
  const path = [
    ...['presence', 'presence/dm:device', 'presence/dm:device/gp:geopriv'],
    'presence/dm:device/gp:geopriv/gp:location-info',
    civic,
    ...['presence/dm:device/gp:geopriv/gp:usage-rules', 'presence/dm:device/dm:deviceID'],
    'presence/dm:device/dm:timestamp',
  ];
  const missing = path.find((each) => opened.filter((element) => element.path === each).length !== 1);
  if (missing !== undefined) return `not exactly one ${missing}`;
  const wrongSpace = Object.entries(namespaces).find(([name, uri]) => !text.includes(` ${name}="${uri}"`));
  if (wrongSpace !== undefined) return `no namespace ${wrongSpace[0]}`;
  return checkAddress(opened);
}

const civic = 'presence/dm:device/gp:geopriv/gp:location-info/ca:civicAddress';

function checkAddress(elements: readonly Element[]): string | undefined {
  const fields = elements.filter(({ path }) => path.startsWith(`${civic}/`));
  const names = fields.map(({ path }) => path.slice(civic.length + 4));
  const places = names.map((name) => sequence.indexOf(name));
  const unknown = names[places.indexOf(-1)];
  if (unknown !== undefined) return `${unknown} is no field of a civic address`;
  const late = places.findIndex((at, index) => index > 0 && at <= (places[index - 1] ?? -1));
  if (late > 0) return `${names[late]} is out of order`;
  if (fields.some(({ text }) => text.trim() === '')) return 'an empty field';
  const country = fields[names.indexOf('country')];
  if (country === undefined || !/^[A-Z]{2}$/.test(country.text)) return 'no country';
  return names.includes('RD') || names.includes('LMK') ? undefined : 'no road (RD) and no landmark (LMK)';
}

type Element = { path: string; text: string };

/** Of what we write: elements, text, no comments and no processing but the first line. A string says what is wrong. */
function readElements(document: string): Element[] | string {
  const body = document.replace(/^<\?xml [^?]*\?>\s*/, '');
  const open: string[] = [];
  const found: Element[] = [];
  let at = 0;
  for (const match of body.matchAll(/<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+="[^"<]*")*)\s*>/g)) {
    const text = body.slice(at, match.index);
    if (/[<>]|&(?!amp;|lt;|gt;|quot;|apos;)/.test(text)) return 'text that is not escaped';
    at = match.index + match[0].length;
    const [, slash, name = ''] = match;
    if (slash === '') {
      open.push(name);
      found.push({ path: open.join('/'), text: body.slice(at, body.indexOf('<', at)) });
    } else if (open.pop() !== name) return `</${name}> closes nothing`;
    if (open.length === 0) break;
  }
  if (open.length > 0 || found.length === 0) return 'not closed';
  return body.slice(at).trim() === '' ? found : 'something after the end';
}

const element = (name: string, text: string) => `<${name}>${text}</${name}>`;

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replace(/[&<>"]/g, (letter) => escapes[letter] ?? '');

/** RFC 3339 without fractions, which some readers refuse. */
const seconds = (at: Date) => at.toISOString().replace(/\.\d+Z$/, 'Z');
