/**
 * What a datagram is, told from its first line and no more: the agent carries
 * messages, it does not read them.
 *
 *     keepAlive   nothing but CR, LF or NUL, as phones send to hold a NAT open
 *     request     METHOD uri SIP/n.n
 *     response    SIP/2.0 nnn ...
 *     junk        anything else; counted, never answered
 */

export type Sniffed = 'keepAlive' | 'request' | 'response' | 'junk';

/** Far over any INVITE, and within one frame of the tunnel. */
export const maxMessageBytes = 60_000;

const maxLineBytes = 2_048;
const maxKeepAliveBytes = 8;

const method = /^[A-Za-z0-9.!%*_+`'~-]{1,64} /;
const version = /^ SIP\/\d{1,2}\.\d{1,2}[ \t]*\r?$/;
const statusLine = /^SIP\/2\.0 [1-6]\d\d /;
const acceptedLine = /^SIP\/2\.0 2/;
const registerCseq = /\r?\nCSeq[ \t]*:[ \t]*\d+[ \t]+REGISTER[ \t]*\r?\n/i;

export function sniff(bytes: Buffer): Sniffed {
  if (bytes.length <= maxKeepAliveBytes && bytes.every((byte) => byte === 13 || byte === 10 || byte === 0)) {
    return 'keepAlive';
  }
  if (bytes.length > maxMessageBytes) return 'junk';
  const end = bytes.indexOf(10);
  if (end < 0 || end > maxLineBytes) return 'junk';
  const line = bytes.toString('latin1', 0, end);
  if (isRequestLine(line)) return 'request';
  return statusLine.test(line) ? 'response' : 'junk';
}

/** As far as a server can tell who errs: what is wrong in it is for the controller to refuse. */
function isRequestLine(line: string): boolean {
  const at = line.lastIndexOf(' SIP/');
  return at > 0 && method.test(line) && version.test(line.slice(at));
}

/** Whether this is the controller's 2xx to a REGISTER: who is sent one is a phone of the site. */
export function isRegistered(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!acceptedLine.test(buffer.toString('latin1', 0, 9))) return false;
  return registerCseq.test(buffer.toString('latin1', 0, maxLineBytes * 2));
}
