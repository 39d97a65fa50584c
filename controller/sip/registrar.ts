/**
 * The registrar (RFC 3261 10.3): where a device is. One binding a device, kept
 * in the store without waiting for the disk.
 *
 * The address of record must be the device's own name, or the extension of its
 * session while that lasts. The way to the phone is the flow its REGISTER came
 * over; its Contact is only what it wants to read in a Request-URI. A binding
 * is not deleted when it ends: from where a device was, it may still call 112.
 */

import type { Binding, Device, Flow } from '#controller/model/model.ts';
import type { ChangeOvers, Kept, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { createResponse, type HeaderList, type SipMessage } from '#protocol/sip/message.ts';
import { type NameAddr, parseNameAddr } from '#protocol/sip/name-addr.ts';
import { parseUri, unescapeUser } from '#protocol/sip/uri.ts';
import type { Bindings } from './bindings.ts';
import type { Counters } from './counters.ts';

export type RegistrarOptions = {
  store: Store;
  bindings: Bindings;
  changeOvers: Pick<ChangeOvers, 'registered'>;
  clock: Clock;
  counters: Counters;
  /** The phone's registration began anew, so it was restarted or set up anew. */
  onRestart?(device: string): void;
  toTag(request: SipMessage): string;
};

export type Registration = { flow: Flow; device: Kept<Device>; generation: number; isRepeat: boolean };

export const minExpiresSeconds = 60;
export const maxExpiresSeconds = 3_600;
const maxContacts = 4;
const maxContactChars = 512;

/** What a REGISTER asks for. */
type Wish =
  | { type: 'query' }
  | { type: 'remove'; contacts: readonly string[] | '*' }
  | { type: 'bind'; contact: string; seconds: number }
  | { type: 'refuse'; status: number; reason?: string; headers?: HeaderList };

/** `request` is authenticated as the device's. */
export type Registrar = (request: SipMessage, registration: Registration) => SipMessage;

export function createRegistrar(options: RegistrarOptions): Registrar {
  const { store, bindings, changeOvers, clock, counters, toTag } = options;
  const dateAt = createDates();

  function answer(request: SipMessage, status: number, more: { reason?: string; headers?: HeaderList } = {}) {
    if (status >= 300) counters[status === 403 ? 'foreignAor' : 'badRegister']++;
    return createResponse(request, status, { toTag: toTag(request), ...more });
  }

  function bind(
    request: SipMessage,
    registration: Registration,
    wish: Extract<Wish, { type: 'bind' }>,
    aor: string,
  ) {
    const { device, flow, generation } = registration;
    const before = bindings.get(device.id);
    const value: Binding = {
      device: device.id,
      aor,
      contact: wish.contact,
      flow,
      expiresAt: clock.wall() + wish.seconds * 1_000,
      callId: request.callId,
      cseq: request.cseq.number,
      userAgent: printable(request.get('User-Agent') ?? ''),
    };
    bindings.put(value);
    counters.registered++;
    if (before !== undefined && before.callId !== request.callId) options.onRestart?.(device.id);
    changeOvers.registered(device.id, aor, generation);
  }

  /** A phone under a new name takes back its old one: that must not end the new binding. */
  function remove(
    request: SipMessage,
    binding: Kept<Binding> | undefined,
    { contacts }: Extract<Wish, { type: 'remove' }>,
    aor: string,
  ): void {
    if (binding?.aor !== aor || (contacts !== '*' && !contacts.includes(binding.contact))) return;
    const { revision: _, ...value } = binding;
    const ended = { ...value, expiresAt: clock.wall(), callId: request.callId, cseq: request.cseq.number };
    bindings.put(ended);
  }

  function answerOk(request: SipMessage, device: string): SipMessage {
    const now = clock.wall();
    const binding = bindings.get(device);
    const left = Math.ceil(((binding?.expiresAt ?? 0) - now) / 1_000);
    const contacts: HeaderList =
      left > 0 && binding ? [['Contact', `<${binding.contact}>;expires=${left}`]] : [];
    return answer(request, 200, { headers: [...contacts, ['Date', dateAt(now)]] });
  }

  function change(request: SipMessage, registration: Registration, aor: string): SipMessage {
    const { device } = registration;
    const wish = readWish(request);
    if (wish.type === 'refuse') return answer(request, wish.status, wish);
    const before = bindings.get(device.id);
    const isSameCall = before?.callId === request.callId;
    // RFC 3261 8.2.7: answered without a transaction, so a repeat comes here too. It was done when it first came.
    if (registration.isRepeat && isSameCall && request.cseq.number === before.cseq) {
      return answerOk(request, device.id);
    }
    // RFC 3261 10.3 step 7: an older request that came late changes nothing.
    const isLate = isSameCall && request.cseq.number <= before.cseq;
    if (isLate && wish.type !== 'query') return answer(request, 500, { reason: 'CSeq out of order' });
    if (wish.type === 'bind') bind(request, registration, wish, aor);
    if (wish.type === 'remove') remove(request, before, wish, aor);
    return answerOk(request, device.id);
  }

  return (request, registration) => {
    const id = registration.device.id;
    const aor = aorOf(request);
    const isOwn = aor === id || aor === store.get('sessions', id)?.extension;
    if (aor === undefined || !isOwn) return answer(request, 403, { reason: 'Not your address' });
    const required = request.getAll('Require').join(', ');
    if (required !== '') return answer(request, 420, { headers: [['Unsupported', required]] });
    return change(request, registration, aor);
  };
}

function aorOf(request: SipMessage): string | undefined {
  const { uri } = request.to;
  return /^sips?:/.test(uri) ? unescapeUser(parseUri(uri).user ?? '') : undefined;
}

function readWish(request: SipMessage): Wish {
  const contacts = request.getAll('Contact');
  if (contacts.length === 0) return { type: 'query' };
  if (contacts.length > maxContacts) return { type: 'refuse', status: 400, reason: 'Too many contacts' };
  const header = request.get('Expires');
  const expires = header === undefined ? maxExpiresSeconds : readSeconds(header);
  if (expires === undefined) return { type: 'refuse', status: 400, reason: 'Expires is not a number' };

  if (contacts.some((contact) => contact.trim() === '*')) {
    // RFC 3261 10.2.2: alone, and only to remove.
    const isProper = contacts.length === 1 && header !== undefined && expires === 0;
    return isProper
      ? { type: 'remove', contacts: '*' }
      : { type: 'refuse', status: 400, reason: 'Contact * needs Expires 0' };
  }
  return readContacts(contacts.map(parseNameAddr), expires);
}

/** Several contacts: a phone that moved takes back its old one in the same request. */
function readContacts(contacts: readonly NameAddr[], expires: number): Wish {
  const live: { contact: string; seconds: number }[] = [];
  for (const { uri, params } of contacts) {
    const seconds = params.has('expires') ? readSeconds(params.get('expires') ?? '') : expires;
    if (seconds === undefined || !isContact(uri) || !isQ(params.get('q'))) {
      return { type: 'refuse', status: 400, reason: 'Contact out of bounds' };
    }
    if (seconds > 0) live.push({ contact: uri, seconds });
  }
  const [first] = live;
  if (first === undefined) return { type: 'remove', contacts: contacts.map(({ uri }) => uri) };
  if (live.length > 1) return { type: 'refuse', status: 400, reason: 'One contact a device' };
  if (first.seconds < minExpiresSeconds) {
    return { type: 'refuse', status: 423, headers: [['Min-Expires', String(minExpiresSeconds)]] };
  }
  return { type: 'bind', contact: first.contact, seconds: Math.min(first.seconds, maxExpiresSeconds) };
}

const readSeconds = (text: string) => (/^[0-9]{1,10}$/.test(text) ? Number(text) : undefined);
const isQ = (text: string | undefined) =>
  text === undefined || /^(0(\.[0-9]{0,3})?|1(\.0{0,3})?)$/.test(text);

export function isContact(uri: string): boolean {
  if (uri.length > maxContactChars || !/^sips?:/.test(uri)) return false;
  try {
    // It becomes a Request-URI, which has no headers (RFC 3261 19.1.1).
    return parseUri(uri).headers === undefined;
  } catch (error) {
    if (Fault.is(error)) return false;
    throw error;
  }
}

/** The Date header, written once a second. */
function createDates(): (ms: number) => string {
  let second = Number.NaN;
  let text = '';
  return (ms) => {
    if (Math.floor(ms / 1_000) !== second) {
      second = Math.floor(ms / 1_000);
      text = new Date(ms).toUTCString();
    }
    return text;
  };
}

/** For people to read: no control characters, not long. */
const printable = (text: string) => text.replace(/[^\x20-\x7e\xa0-\xff]/g, '').slice(0, 128);
