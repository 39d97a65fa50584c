/**
 * A digit in a SIP INFO, as phones sent them before telephone events and some
 * still do. No RFC says how; two forms are in use:
 *
 *     application/dtmf-relay     Signal=5 CRLF Duration=160
 *     application/dtmf           5
 *
 * In both, `10` and `11` stand for `*` and `#` as in telephone events (RFC 4733 3.2).
 */

const maxChars = 256;

/** Undefined: another type, or nothing that a key could have said. */
export function readInfoDigit(contentType: string | undefined, body: string): string | undefined {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (body.length > maxChars) return undefined;
  if (type === 'application/dtmf') return toDigit(body);
  if (type !== 'application/dtmf-relay') return undefined;
  return toDigit(/^[ \t]*Signal[ \t]*=([^\r\n]*)/im.exec(body)?.[1] ?? '');
}

function toDigit(text: string): string | undefined {
  const signal = text.trim().toUpperCase();
  if (signal === '10') return '*';
  if (signal === '11') return '#';
  return /^[0-9A-D*#]$/.test(signal) ? signal : undefined;
}
