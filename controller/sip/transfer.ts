/**
 * Calls that somebody sends on: where to is decided as if he dialled it himself.
 *
 *     3xx of a phone          as its user; never an emergency number or a login code, never twice to one number
 *     REFER in a call         as its sender, who must be logged in; what he may not dial is 403
 *     Refer-To with Replaces  one of his own calls; the other phone may then step into it, for a minute
 *     INVITE with Replaces    after such a REFER, or from another desk of who is in that call; else 481
 *
 * Refer-To is written anew, for the far phone's own agent: the two may be at
 * two sites. An INVITE with Replaces goes to the end of the dialog that it
 * names, whatever its Request-URI says (RFC 3891 3, RFC 5589 7).
 */

import type { Flow } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import { sameAddress } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import { parseUri, type SipUri, unescapeUser } from '#protocol/sip/uri.ts';
import { triesOf } from './b2bua.ts';
import { type Calls, dialogOf, type Party } from './calls.ts';
import type { Verdict } from './dial-plan.ts';
import type { Side } from './flow-token.ts';
import type { Target } from './forward.ts';
import { hostFacing, type Peer, transportParam } from './peer.ts';
import type { Dialog } from './routes.ts';

/** Who dials, and from where. */
export type Dialler = { device: string; flow: Flow };

export type TransferOptions = {
  store: Store;
  clock: Clock;
  calls: Calls;
  verdictOn(dialled: string, by: Dialler): Verdict;
  targetsOf(verdict: Verdict, by: Dialler): readonly Target[];
};

export type Transfers = {
  /** Whom a phone's 3xx leads to. `seen`: numbers that this call was at already; they grow. */
  redirected(response: SipMessage, by: Side, seen: Set<string>): readonly Target[];
  /** The REFER as the far phone may get it, or why not. */
  referred(request: SipMessage, dialog: Dialog): Referred;
  /** The only end that an INVITE with Replaces can go to; undefined: none that its sender may have. */
  replaced(request: SipMessage, by: Dialler): Target | undefined;
};

export type Referred = { type: 'pass'; request: SipMessage } | { type: 'refuse'; status: 400 | 403 };

const redirections = [300, 301, 302];
const maxContacts = 3;
const maxNumbers = 5;
const grantMs = 60_000;
const maxGrants = 10_000;

export function createTransfers(options: TransferOptions): Transfers {
  const { store, clock, calls, verdictOn, targetsOf } = options;
  /** `device dialog` → until when that device may step into that dialog. */
  const grants = new Map<string, number>();

  const userAt = (device: string) => store.get('sessions', device)?.extension;

  /** What `by` may be led to; a number that means something else than a call, or of another host, is not. */
  function numberIn(uri: SipUri, { flow }: Dialler): string | undefined {
    return uri.user === undefined || !sameAddress(uri.host, flow.local.address)
      ? undefined
      : unescapeUser(uri.user);
  }

  function grant(device: string, dialog: string): void {
    const now = clock.now();
    for (const [key, until] of grants) if (until <= now) grants.delete(key);
    const [oldest] = grants.size >= maxGrants ? grants.keys() : [];
    if (oldest !== undefined) grants.delete(oldest);
    grants.set(`${device} ${dialog}`, now + grantMs);
  }

  const isGranted = (device: string, dialog: string) =>
    (grants.get(`${device} ${dialog}`) ?? 0) > clock.now();

  function redirected(response: SipMessage, by: Side, seen: Set<string>): readonly Target[] {
    const status = response.start.type === 'response' ? response.start.status : 0;
    const dialler = diallerAt(by);
    if (!redirections.includes(status) || dialler === undefined || userAt(by.device) === undefined) return [];
    return response
      .getAll('Contact')
      .slice(0, maxContacts)
      .flatMap((contact) => {
        const uri = readUri(contact);
        const number = uri === undefined ? undefined : numberIn(uri, dialler);
        if (number === undefined || seen.has(number) || seen.size >= maxNumbers) return [];
        seen.add(number);
        const verdict = verdictOn(number, dialler);
        return isCall(verdict) ? targetsOf(verdict, dialler) : [];
      });
  }

  /** Who is logged in; and nobody sends on a gateway, the login call or a call for help. */
  function mayRefer(by: Dialler, far: Side): boolean {
    if (userAt(by.device) === undefined || triesOf(far) !== undefined) return false;
    return far.device !== '' || (far.peer.type !== 'flow' && far.peer.type !== 'ivr');
  }

  /** Without Replaces. */
  function referredTo(uri: SipUri, by: Dialler): string | undefined {
    const number = numberIn(uri, by);
    if (number === undefined) return undefined;
    const verdict = verdictOn(number, by);
    // Nobody there is what the far phone finds out, and tells in its NOTIFY.
    const isNobodyThere = verdict.type === 'refuse' && verdict.status === 480;
    return isCall(verdict) || isNobodyThere ? number : undefined;
  }

  /** The number at the far end of his other call, if it is his. */
  function consulted(text: string, by: Dialler, far: Side): string | undefined {
    const found = partiesIn(text);
    const isAmongPhones = far.device !== '' && found?.target.side.device !== '';
    if (found?.other.side.device !== by.device || !isAmongPhones) return undefined;
    grant(far.device, found.dialog);
    return found.target.side.user;
  }

  function partiesIn(text: string): { dialog: string; target: Party; other: Party } | undefined {
    const named = parseReplaces(text);
    if (named === undefined) return undefined;
    const dialog = dialogOf(named.callId, named.toTag, named.fromTag);
    const parties = calls.partiesOf(dialog);
    const target = parties.find(({ tag }) => tag === named.toTag);
    const other = parties.find(({ tag }) => tag === named.fromTag);
    return target && other && target !== other ? { dialog, target, other } : undefined;
  }

  return {
    redirected,

    referred(request, { near, far }) {
      const [value, ...more] = request.getAll('Refer-To');
      const uri = value === undefined || more.length > 0 ? undefined : readUri(value);
      if (uri === undefined) return { type: 'refuse', status: 400 };
      const by = diallerAt(near);
      const replaces = replacesIn(uri);
      if (by === undefined || !mayRefer(by, far) || !isInvite(uri)) return { type: 'refuse', status: 403 };
      const number = replaces === undefined ? referredTo(uri, by) : consulted(replaces, by, far);
      if (number === undefined) return { type: 'refuse', status: 403 };
      const query = replaces === undefined ? '' : `?Replaces=${encodeURIComponent(replaces)}`;
      const passed = request.clone();
      passed.set('Refer-To', `<sip:${encodeURIComponent(number)}@${addressFacing(far.peer)}${query}>`);
      return { type: 'pass', request: passed };
    },

    replaced(request, { device }) {
      const [value = '', ...more] = request.getAll('Replaces');
      const found = more.length > 0 ? undefined : partiesIn(value);
      const user = userAt(device);
      if (found === undefined || user === undefined || found.target.contact === '') return undefined;
      const isOwn = found.other.side.device !== '' && found.other.side.user === user;
      if (!isOwn && !isGranted(device, found.dialog)) return undefined;
      return found.target.side.device === ''
        ? undefined
        : { side: found.target.side, uri: found.target.contact };
    },
  };
}

/** Who speaks at that end, when it is a phone of ours. */
const diallerAt = ({ peer, device }: Side): Dialler | undefined =>
  peer.type === 'flow' && device !== '' ? { device, flow: peer.flow } : undefined;

/** What the far phone reaches its agent at; a network knows its numbers by its own domain. */
const addressFacing = (peer: Peer) =>
  peer.type === 'upstream' ? peer.domain : hostFacing(peer) + transportParam(peer);

const isInvite = ({ params }: SipUri) => (params.get('method') ?? 'INVITE').toUpperCase() === 'INVITE';

const isCall = ({ type }: Verdict) => type !== 'refuse' && type !== 'emergency' && type !== 'line';

/** Undefined: nothing that could be dialled. */
function readUri(nameAddr: string): SipUri | undefined {
  try {
    return parseUri(parseNameAddr(nameAddr).uri);
  } catch (error) {
    if (Fault.is(error, 'sip.malformed')) return undefined;
    throw error;
  }
}

/** RFC 3261 19.1.1: of the headers a URI would set, the one that transfers need. */
function replacesIn({ headers = '' }: SipUri): string | undefined {
  const [field] = headers.split('&').filter((each) => each.toLowerCase().startsWith('replaces='));
  return field === undefined ? undefined : unescapeUser(field.slice(field.indexOf('=') + 1));
}

/** `call-id;to-tag=a;from-tag=b`, seen from who gets it. */
export function parseReplaces(text: string): { callId: string; toTag: string; fromTag: string } | undefined {
  const [callId = '', ...params] = text.split(';').map((part) => part.trim());
  const read = (name: string) =>
    params.find((param) => param.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  const [toTag, fromTag] = [read('to-tag'), read('from-tag')];
  return callId === '' || toTag === undefined || fromTag === undefined
    ? undefined
    : { callId, toTag, fromTag };
}
