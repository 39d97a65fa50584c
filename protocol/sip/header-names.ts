/**
 * Header names: their one spelling in this program, the compact forms
 * (RFC 3261 7.3.3 and the later ones of the IANA registry), which headers are
 * lists, and which may stand in a message only once.
 *
 * Names nobody listed here are spelled Like-This, whatever their case on the
 * wire, so that who lets through or drops by name sees one spelling.
 */

const compact: Readonly<Record<string, string>> = {
  a: 'Accept-Contact',
  b: 'Referred-By',
  c: 'Content-Type',
  d: 'Request-Disposition',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  j: 'Reject-Contact',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  n: 'Identity-Info',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
  y: 'Identity',
};

/** Values separated by commas, and several lines the same as one (RFC 3261 7.3.1). */
const lists = [
  ...[
    'Accept',
    'Accept-Contact',
    'Accept-Encoding',
    'Accept-Language',
    'Alert-Info',
    'Allow',
    'Allow-Events',
  ],
  ...[
    'Call-Info',
    'Contact',
    'Content-Encoding',
    'Content-Language',
    'Diversion',
    'Error-Info',
    'History-Info',
  ],
  ...['In-Reply-To', 'P-Asserted-Identity', 'P-Preferred-Identity', 'Path', 'Proxy-Require', 'Reason'],
  ...['Record-Route', 'Reject-Contact', 'Remote-Party-ID', 'Request-Disposition', 'Require', 'Route'],
  ...['Security-Client', 'Security-Server', 'Security-Verify', 'Service-Route', 'Supported', 'Unsupported'],
  ...['Via', 'Warning'],
];

/** Two of these would let two parsers read two different messages. */
const singles = [
  ...['Call-ID', 'CSeq', 'Content-Length', 'Content-Type', 'Event', 'Expires', 'From', 'Max-Forwards'],
  ...['Refer-To', 'Replaces', 'Session-Expires', 'Subscription-State', 'To'],
];

/** Known besides, for a spelling that Like-This would not give or to save that work. */
const others = [
  ...[
    'Authentication-Info',
    'Authorization',
    'Content-Disposition',
    'Date',
    'MIME-Version',
    'Min-Expires',
    'Min-SE',
  ],
  ...[
    'Organization',
    'P-Access-Network-Info',
    'Priority',
    'Proxy-Authenticate',
    'Proxy-Authorization',
    'RAck',
  ],
  ...['RSeq', 'Referred-By', 'Reply-To', 'Retry-After', 'SIP-ETag', 'SIP-If-Match', 'Server', 'Subject'],
  ...['Timestamp', 'User-Agent', 'WWW-Authenticate'],
];

/** What this program knows of one name. `bit` tells the headers of `singles` apart, 0 for the others. */
export type HeaderName = { readonly name: string; readonly isList: boolean; readonly bit: number };

const bySpelling = new Map<string, HeaderName>();
for (const name of [...lists, ...singles, ...others, ...Object.values(compact)]) {
  if (bySpelling.has(name)) continue;
  const single = singles.indexOf(name);
  const known = { name, isList: lists.includes(name), bit: single < 0 ? 0 : 1 << single };
  bySpelling.set(name, known);
  bySpelling.set(name.toLowerCase(), known);
}
for (const [letter, name] of Object.entries(compact)) {
  const known = headerName(name);
  bySpelling.set(letter, known);
  bySpelling.set(letter.toUpperCase(), known);
}

/** `spelling` in any case, or a compact form. */
export function headerName(spelling: string): HeaderName {
  return (
    bySpelling.get(spelling) ??
    bySpelling.get(spelling.toLowerCase()) ?? { name: likeThis(spelling), isList: false, bit: 0 }
  );
}

/**
 * Known names by length and first letter: found in a text without taking them out
 * of it, when they are spelled as here, as they nearly always are.
 */
const byShape: HeaderName[][] = [];
const shapeOf = (length: number, first: number) => (length << 5) | (first & 0x1f);
for (const [spelling, known] of bySpelling) {
  const shape = shapeOf(spelling.length, spelling.charCodeAt(0));
  if (spelling === known.name) byShape[shape] = [...(byShape[shape] ?? []), known];
}

/** That of the name from `at` to `end`. */
export function headerNameAt(text: string, at: number, end: number): HeaderName {
  for (const known of byShape[shapeOf(end - at, text.charCodeAt(at))] ?? none) {
    if (text.startsWith(known.name, at)) return known;
  }
  return headerName(text.slice(at, end));
}

const none: readonly HeaderName[] = [];

/** The bits of the headers that every message must have (RFC 3261 8.1.1); Via, the sixth, is no single. */
export const mandatory = ['From', 'To', 'Call-ID', 'CSeq'].map((name) => headerName(name));

function likeThis(spelling: string): string {
  let name = '';
  let isStart = true;
  for (const letter of spelling) {
    name += isStart ? letter.toUpperCase() : letter.toLowerCase();
    isStart = letter === '-';
  }
  return name;
}
