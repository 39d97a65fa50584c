/**
 * What a request of nobody we know tells of its sender: a phone that was set up
 * for another PBX, and now has ours for a registrar. All of it is what it says.
 *
 *     Mac: 0c:38:3e:63:96:3b                                          Fanvil
 *     User-Agent: Fanvil X303 2.12.18.9 0c383e63963b                  Fanvil
 *     +sip.instance="<urn:uuid:00000000-0000-1000-8000-00085D738C60>" Mitel; RFC 4122, 4.1.6
 */

import type { Flow } from '#controller/model/model.ts';
import type { SipStranger } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { parseUri } from '#protocol/sip/uri.ts';

const maxUserAgent = 128;
const maxUser = 64;
const hex = '[0-9a-f]{12}';
const spelt = `(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|${hex}`;
const inHeader = new RegExp(`^(${spelt})$`, 'i');
const inUserAgent = new RegExp(`(?:^|[^0-9a-f])(${spelt})(?![0-9a-f])`, 'i');
const inInstance = new RegExp(`urn:uuid:00000000-0000-1000-8000-(${hex})>`, 'i');

/** Undefined: not even its From can be read. */
export function readStranger(request: SipMessage, flow: Flow): SipStranger | undefined {
  const userAgent = (request.get('User-Agent') ?? '').slice(0, maxUserAgent);
  const found =
    inHeader.exec((request.get('Mac') ?? '').trim()) ??
    inUserAgent.exec(userAgent) ??
    inInstance.exec((request.get('Contact') ?? '').slice(0, 1_024));
  const mac = found?.[1]?.replace(/[:-]/g, '').toLowerCase();
  try {
    const { user = '' } = parseUri(request.from.uri);
    return { flow, userAgent, user: user.slice(0, maxUser), ...(mac !== undefined && { mac }) };
  } catch (error) {
    if (Fault.is(error)) return undefined;
    throw error;
  }
}
