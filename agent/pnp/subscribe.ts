/**
 * What a phone from the factory asks the LAN: a SUBSCRIBE to 224.0.1.75 for the
 * URL of its config. No standard says how, so each make spells it in its own way:
 *
 *     sip:MAC%3a001565aabb01@…   MAC%3A   MAC:   MAC=   MAC001565aabb01   any host
 *     names in long or compact form, `Event:` with or without a space after it,
 *     no branch in the Via, no tag, no User-Agent, any source port
 *
 * Only what an answer needs is read. What is echoed has no control characters,
 * so it cannot become a header of ours.
 */

export type Asking = {
  /** Twelve small hexadecimal digits. */
  mac: string;
  vendor?: string;
  model?: string;
  version?: string;
  via: string;
  from: string;
  to: string;
  callId: string;
  cseq: string;
  /** The URI alone. */
  contact?: string;
};

/** Why there is nothing to answer. */
export type Unread = 'malformed' | 'notOurs' | 'noMac';

const maxBytes = 4_096;
const maxLines = 64;
const maxWord = 64;

const macForm = /MAC(?:%3a|%3d|[:=])?([0-9a-f]{12})(?![0-9a-f])/i;
const compact: Readonly<Record<string, string>> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  o: 'event',
};
const echoed = ['via', 'from', 'to', 'call-id', 'cseq'] as const;

export function readAsking(bytes: Uint8Array): Asking | Unread {
  const head = readHead(bytes);
  if (head === undefined) return 'malformed';
  const { startLine, headers } = head;
  const uri = /^SUBSCRIBE +(\S+) +SIP\/2\.0$/i.exec(startLine)?.[1];
  const event = headers.get('event') ?? '';
  if (uri === undefined || !/^ua-profile\s*(?:;|$)/i.test(event)) return 'notOurs';
  const [via, from, to, callId, cseq] = echoed.map((name) => headers.get(name) ?? '');
  if (!via || !from || !to || !callId || !cseq) return 'malformed';
  const userAgent = headers.get('user-agent') ?? '';
  const mac = macIn([uri, from, to], userAgent);
  if (mac === undefined) return 'noMac';
  const contact = /<?(sips?:[^\s<>"]{1,200})>?/i.exec(headers.get('contact') ?? '')?.[1];
  return {
    mac,
    ...describe(event, userAgent),
    ...{ via, from, to, callId, cseq },
    ...(contact !== undefined && { contact }),
  };
}

type Head = { startLine: string; headers: ReadonlyMap<string, string> };

function readHead(bytes: Uint8Array): Head | undefined {
  if (bytes.length > maxBytes) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const [head = ''] = text.split(/\r?\n\r?\n/, 1);
  const unfolded = head.replace(/\r?\n[ \t]+/g, ' '); // RFC 3261, 7.3.1
  const [startLine = '', ...lines] = unfolded.split(/\r?\n/);
  if (lines.length > maxLines || /[^\t\x20-\x7e\x80-\xff\r\n]/.test(head)) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = /^([A-Za-z-]+)[ \t]*:(.*)$/.exec(line) ?? [];
    const known = compact[name.toLowerCase()] ?? name.toLowerCase();
    if (known !== '' && !headers.has(known)) headers.set(known, value.trim());
  }
  return { startLine: startLine.trim(), headers };
}

/** Fanvil ends its User-Agent with it. */
function macIn(texts: readonly string[], userAgent: string): string | undefined {
  for (const text of texts) {
    const mac = macForm.exec(text)?.[1];
    if (mac !== undefined) return mac.toLowerCase();
  }
  return /(?:^|[\s:])([0-9a-f]{12})$/i.exec(userAgent)?.[1]?.toLowerCase();
}

export type Description = Pick<Asking, 'vendor' | 'model' | 'version'>;

/** Names that say nothing: platforms sold under many brands. */
const nameless = /^(?:oem|voip phone|ip ?phone|sip ?phone)?$/i;

/** The User-Agent has the name on the phone's back, the Event at times that of its hardware. */
function describe(event: string, userAgent: string): Description {
  const said = (name: string) => {
    const value = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^;\\s]*))`, 'i').exec(event);
    return word(value?.[1] ?? value?.[2]);
  };
  return { ...pick(said('vendor'), said('model'), said('version')), ...describeUserAgent(userAgent) };
}

/** `Yealink SIP-T46S 66.86.0.15`, `snomD785/10.1.84.12`, `Fanvil X6U Pro 2.12.1 0c383e…` */
export function describeUserAgent(userAgent: string): Description {
  const snom = /\bsnom ?([A-Z]*\d\w*)(?:-SIP)?(?:[/ ]([\d.]+))?/i.exec(userAgent);
  if (snom !== null) return pick('snom', word(snom[1]), word(snom[2]));
  const grandstream = /^Grandstream Model HW (\w+)(?: V\S+)?(?: SW (\S+))?/i.exec(userAgent);
  if (grandstream !== null) return pick('Grandstream', word(grandstream[1]), word(grandstream[2]));
  const other =
    /^([A-Za-z]{3,20}) (?:SIP-)?((?=\S*\d)[\w-]{2,24}(?: [A-Za-z]\w{0,9})?)(?: (\d[\d.]*))?(?= |$)/.exec(
      userAgent,
    );
  return other === null ? {} : pick(other[1], word(other[2]), word(other[3]));
}

function pick(vendor?: string, model?: string, version?: string): Description {
  return {
    ...(vendor !== undefined && { vendor }),
    ...(model !== undefined && { model }),
    ...(version !== undefined && { version }),
  };
}

function word(text: string | undefined): string | undefined {
  const plain = (text ?? '').replace(/[^\x20-\x7e]/g, '').trim();
  return nameless.test(plain) ? undefined : plain.slice(0, maxWord);
}
