/**
 * Resync: NOTIFY check-sync, so that a phone fetches its config without a
 * restart. It goes to the flow the phone registered over, outside any dialog.
 *
 * Some phones challenge it with their own credential, which in a change-over is
 * still the old one: first the proven generation's secret, then the new one's.
 * One that restarted meanwhile may not know itself by the name it registered: a
 * phone that says so is asked again by the name it should have now.
 */

import type { Logger } from 'pino';
import type { Keys } from '#controller/keys.ts';
import type { Binding, Device } from '#controller/model/model.ts';
import type { Resync, Store } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';
import { answerChallenge, chooseChallenge } from '#protocol/sip/digest.ts';
import { createRequest, type SipMessage } from '#protocol/sip/message.ts';
import type { Transactions } from '#protocol/sip/transactions.ts';
import { formatUri, parseUri } from '#protocol/sip/uri.ts';
import type { Calls } from './calls.ts';
import type { Directory } from './directory.ts';
import { hostFacing, type Peer, viaFacing } from './peer.ts';

export type ResyncOptions = {
  store: Store;
  keys: Keys;
  log: Logger;
  directory: Directory;
  calls: Calls;
  transactions: Transactions<Peer>;
  random: (bytes: number) => Uint8Array;
  eventOf(device: Device): string;
};

type Notify = { binding: Binding; event: string; callId: string; tag: string };

/** RFC 3261 21.4: nobody of that name is there. */
const isUnknown: ReadonlySet<number | undefined> = new Set([404, 410, 480, 481, 604]);

export function createResync({
  store,
  keys,
  log,
  directory,
  calls,
  transactions,
  random,
  eventOf,
}: ResyncOptions): Resync {
  const token = () => Buffer.from(random(12)).toString('base64url');

  function build({ binding, event, callId, tag }: Notify, cseq: number): SipMessage {
    const peer: Peer = { type: 'flow', flow: binding.flow };
    const host = hostFacing(peer);
    return createRequest({
      method: 'NOTIFY',
      uri: binding.contact,
      headers: [
        ['Via', viaFacing(peer, `z9hG4bK${token()}`)],
        ['From', `<sip:${binding.aor}@${host}>;tag=${tag}`],
        ['To', `<sip:${binding.aor}@${host}>`],
        ['Call-ID', callId],
        ['CSeq', `${cseq} NOTIFY`],
        ['Contact', `<sip:hotdesk@${host}>`],
        ['Event', event],
        ['Subscription-State', 'terminated'],
      ],
    });
  }

  /** Its final response; undefined: none came. */
  function send(request: SipMessage, binding: Binding): Promise<SipMessage | undefined> {
    return new Promise((resolve) => {
      const on = { response: resolve, end: () => resolve(undefined) };
      transactions.request(request, { type: 'flow', flow: binding.flow }, { ...on, response: onFinal });
      function onFinal(response: SipMessage): void {
        if (statusOf(response) >= 200) resolve(response);
      }
    });
  }

  /** The secrets the phone may have, the likely one first. */
  function secretsOf(id: string): string[] {
    const device = store.get('devices', id);
    if (device === undefined) return [];
    const generations = new Set([device.confirmedGeneration || device.generation, device.generation]);
    return [...generations].map((generation) => keys.sipSecret(id, generation));
  }

  function withCredential(
    request: SipMessage,
    refusal: SipMessage,
    username: string,
    password: string,
  ): boolean {
    const isProxy = statusOf(refusal) === 407;
    const challenge = chooseChallenge(refusal.getAll(isProxy ? 'Proxy-Authenticate' : 'WWW-Authenticate'));
    if (challenge === undefined || request.start.type !== 'request') return false;
    const { method, uri } = request.start;
    const value = answerChallenge(challenge, { method, uri, username, password, cnonce: token(), nc: 1 });
    request.set(isProxy ? 'Proxy-Authorization' : 'Authorization', value);
    return true;
  }

  /** Where the phone is, by each name it may have: as it registered, then as its session says. */
  function namesOf(device: string, binding: Binding): Binding[] {
    const others = new Set([store.get('sessions', device)?.extension ?? device, device]);
    others.delete(binding.aor);
    const contact = parseUri(binding.contact);
    return [
      binding,
      ...Array.from(others, (aor) => ({ ...binding, aor, contact: formatUri({ ...contact, user: aor }) })),
    ];
  }

  async function notifyAny(device: string, binding: Binding): Promise<number | undefined> {
    let status: number | undefined;
    for (const each of namesOf(device, binding)) {
      status = await notify(device, each);
      if (!isUnknown.has(status)) return status;
    }
    return status;
  }

  async function notify(device: string, binding: Binding): Promise<number | undefined> {
    const known = store.get('devices', device);
    if (known === undefined) return undefined;
    const parts = { binding, event: eventOf(known), callId: token(), tag: token() };
    let cseq = 1;
    let response = await send(build(parts, cseq), binding);
    for (const secret of secretsOf(device)) {
      if (response === undefined || ![401, 407].includes(statusOf(response))) break;
      const request = build(parts, ++cseq);
      if (!withCredential(request, response, device, secret)) break;
      response = await send(request, binding);
    }
    return response && statusOf(response);
  }

  return async (device) => {
    const binding = directory.bindingOf(device);
    if (binding === undefined) return 'unregistered';
    if (calls.count(device) > 0) return 'busy';
    try {
      const status = await notifyAny(device, binding);
      log.debug({ device, status }, 'resync');
      return status !== undefined && status < 300 ? 'answered' : 'no-answer';
    } catch (error) {
      // Too many transactions, or a challenge nobody can answer: it is tried again later.
      if (!Fault.is(error)) throw error;
      log.warn({ device, err: error }, 'resync failed');
      return 'no-answer';
    }
  };
}

const statusOf = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);
