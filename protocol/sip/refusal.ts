/**
 * The answer to what `parseMessage` refused: stateless, made of the lines that
 * a response must repeat (RFC 3261 8.2.6, 8.2.7) and that can be read. Without
 * all of them there is no response that anybody could use.
 */

import { Fault } from '#protocol/fault.ts';
import { maxMessageBytes } from './head.ts';
import { headerName, mandatory } from './header-names.ts';
import { reasonOf } from './message.ts';
import { isControl } from './scan.ts';

const maxVias = 70;
const maxLines = 400;

/**
 * Bytes to send back to where `bytes` came from; undefined for responses, ACK,
 * what is no SIP at all, and what lacks a line to repeat. `error` is what
 * `parseMessage` threw; anything but its fault is answered 500.
 */
export function refuse(bytes: Uint8Array, error: unknown): Uint8Array | undefined {
  if (bytes.length > maxMessageBytes) return undefined;
  const [startLine = '', ...lines] = Buffer.from(bytes).toString('latin1').split('\r\n', maxLines);
  if (!isRequestLine(startLine)) return undefined;

  const vias: string[] = [];
  const others = new Map<string, string>();
  for (const line of lines) {
    if (line === '') break;
    const field = readLine(line);
    if (field?.name === 'Via' && vias.length < maxVias) vias.push(field.value);
    else if (field !== undefined && !others.has(field.name)) others.set(field.name, field.value);
  }
  const repeated = mandatory.map(({ name }) => ({ name, value: others.get(name) }));
  if (vias.length === 0 || repeated.some(({ value }) => value === undefined)) return undefined;

  const status = statusOf(error);
  let text = `SIP/2.0 ${status} ${reasonOf(status)}\r\n`;
  for (const via of vias) text += `Via: ${via}\r\n`;
  for (const { name, value } of repeated) text += `${name}: ${value}\r\n`;
  return Buffer.from(`${text}Content-Length: 0\r\n\r\n`, 'latin1');
}

function isRequestLine(line: string): boolean {
  const isSip = line.length < maxMessageBytes && line.toUpperCase().includes(' SIP/');
  return isSip && !line.startsWith('ACK ') && !line.toUpperCase().startsWith('SIP/');
}

/** Undefined for a line that is none, goes on in the next, or could end a line of ours. */
function readLine(line: string): { name: string; value: string } | undefined {
  const colon = line.indexOf(':');
  if (colon < 1 || line.startsWith(' ') || line.startsWith('\t')) return undefined;
  for (let i = 0; i < line.length; i++) if (isControl(line.charCodeAt(i))) return undefined;
  const value = line.slice(colon + 1).trim();
  return value === '' ? undefined : { name: headerName(line.slice(0, colon).trim()).name, value };
}

function statusOf(error: unknown): number {
  const status = Fault.is(error, 'sip.malformed') ? error.facts.status : 500;
  return typeof status === 'number' ? status : 500;
}
