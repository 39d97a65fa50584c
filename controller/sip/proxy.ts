/**
 * The proxy: what becomes of a request that the gate let in.
 *
 *     dialog      forwarded to its other end
 *     emergency   the site's gateway
 *     gateway     a call-back to the device it names; nothing else
 *     upstream    a call to the devices of the user it names; MWI; nothing else
 *     device      OPTIONS: answered; INVITE: as the dial plan says; the rest: 405
 *
 * A device's REGISTER never comes here: ./registrar.ts answers it, without a transaction.
 */

import type { Logger } from 'pino';
import type { CallMedia, Flows, LoginLine, MediaEnd, Store } from '#controller/model/ports.ts';
import { calledThere, callerThere } from '#controller/sip/upstream/incoming.ts';
import type { Upstreams } from '#controller/sip/upstream/upstreams.ts';
import { createResponse, type HeaderList, type SipMessage } from '#protocol/sip/message.ts';
import type { ServerTransaction, Transactions } from '#protocol/sip/transactions.ts';
import { type Calls, dialogKey } from './calls.ts';
import type { Counters } from './counters.ts';
import { decide, type Verdict } from './dial-plan.ts';
import type { Directory } from './directory.ts';
import { emergencyCaller, gatewayTarget } from './emergency.ts';
import type { Side } from './flow-token.ts';
import { type ForwardOptions, forward, type Target } from './forward.ts';
import { type Admitted, dialledIn } from './gate.ts';
import { callerNumber, type Identity } from './identity.ts';
import type { Leg, Legs } from './legs.ts';
import { ivr, ivrUri, type Peer, type UpstreamPeer } from './peer.ts';
import type { Dialog } from './routes.ts';

export type ProxyOptions = {
  store: Store;
  flows: Flows;
  line: LoginLine;
  log: Logger;
  directory: Directory;
  transactions: Pick<Transactions<Peer>, 'request'>;
  upstreams: Upstreams;
  legs: Legs;
  calls: Calls;
  counters: Counters;
  media: CallMedia;
  send(peer: Peer, message: SipMessage): boolean;
  tagFor(request: SipMessage): string;
};

export type Proxy = {
  request(tx: Tx, admitted: Admitted): void;
  /** An ACK to a 2xx: no transaction, the same way. */
  ack(leg: Leg, far: Side): void;
};

type Tx = ServerTransaction<Peer>;
type From<T extends Admitted['type']> = Extract<Admitted, { type: T }>;

const allow = 'INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE, INFO, REFER, NOTIFY';
/** A phone has some lines; more is a fault or an attack. */
const maxCallsPerDevice = 8;

export function createProxy(options: ProxyOptions): Proxy {
  const { store, flows, line, log, directory, transactions, legs, calls, counters, tagFor } = options;

  function perform(tx: Tx, outcome: Outcome): void {
    if (outcome.type === 'call') {
      call(tx, outcome);
      return;
    }
    const { status, type: _, ...more } = outcome;
    if (status >= 300) log.debug({ call: tx.request.callId, status, reason: more.reason }, 'request refused');
    tx.respond(createResponse(tx.request, status, { toTag: tagFor(tx.request), ...more }));
  }

  const mediaFrom = (near: Side): ForwardOptions['media'] => ({
    pass(message, way, { side }, branch) {
      const [from, to] = way === 'there' ? [near, side] : [side, near];
      return options.media.pass({ message, from: mediaEndOf(from), to: mediaEndOf(to), branch });
    },
    settled: options.media.settled,
  });

  function call(tx: Tx, { near, caller, targets, unsentStatus }: Call): void {
    const leg: Leg = { request: tx.request, near, caller };
    const hold = ({ device }: Side) => (device === '' ? () => {} : calls.hold(device));
    const release = hold(near);
    counters.calls++;
    forward({
      transactions,
      tx,
      targets,
      toTag: tagFor(tx.request),
      unsentStatus,
      media: mediaFrom(near),
      prepare: (target) => legs.first(leg, target),
      relay: (response, target) => legs.response(response, leg, target),
      onRing: (target) => hold(target.side),
      onAnswer: (response, { side }) =>
        calls.confirm(
          dialogKey(response),
          [near.device, side.device].filter((device) => device !== ''),
        ),
      onDefused: () => counters.defused++,
      onEnd: release,
    });
  }

  function forwardInDialog(tx: Tx, { near, far }: Dialog): void {
    const { request } = tx;
    const leg: Leg = { request, near, caller: legs.identityOf(near) };
    forward({
      transactions,
      tx,
      targets: [{ side: far, uri: '' }],
      toTag: tagFor(request),
      unsentStatus: 500,
      media: mediaFrom(near),
      prepare: () => legs.inDialog(leg, far),
      relay: (response, target) => legs.response(response, leg, target),
      onDefused: () => counters.defused++,
      onEnd: () => {
        if (request.method === 'BYE') calls.finish(dialogKey(request));
      },
    });
  }

  /** RFC 3261 16.3: why a request may not go on. */
  function obstacle(request: SipMessage): Answer | undefined {
    const required = request.getAll('Proxy-Require').join(', ');
    if (request.get('Max-Forwards') === '0') return answer(483);
    if (legs.isLoop(request)) return answer(482);
    return required === '' ? undefined : answer(420, { headers: [['Unsupported', required]] });
  }

  function refuseCall(status: number, reason: string): Answer {
    counters.refusedCalls++;
    return answer(status, { reason });
  }

  // --- calls ------------------------------------------------------------------------

  function dial(request: SipMessage, admitted: From<'device'>): Outcome {
    const { flow, device } = admitted;
    const site = store.get('sites', flow.site);
    const dialled = dialledIn(request, flow);
    if (site === undefined || dialled === undefined) return refuseCall(404, 'Not Found');
    const extension = store.get('sessions', device.id)?.extension;
    const caller = { device: device.id, extension };
    const { devicesOf } = directory;
    const isUser = (number: string) => store.get('users', number) !== undefined;
    const verdict = decide(dialled, caller, { site, isUser, devicesOf, beyond: options.upstreams.find });
    if (verdict.type === 'refuse') return refuseCall(verdict.status, verdict.reason);
    if (calls.count(device.id) >= maxCallsPerDevice) {
      counters.overloaded++;
      return answer(486, { reason: 'Too many calls' });
    }
    const targets = targetsOf(verdict, admitted, extension ?? '');
    if (targets.length === 0) return refuseCall(480, 'Not reachable');
    const near: Side = { peer: { type: 'flow', flow }, device: device.id, user: extension ?? device.id };
    return { type: 'call', near, caller: legs.identityOf(near), targets, unsentStatus: 480 };
  }

  function targetsOf(verdict: Verdict, { flow, device }: From<'device'>, caller: string): readonly Target[] {
    if (verdict.type === 'to') return [options.upstreams.target(verdict, caller) ?? []].flat();
    if (verdict.type === 'line') {
      const told = { device: device.id, site: flow.site, flow, request: verdict.request };
      const side: Side = { peer: ivr, device: '', user: 'hotdesk' };
      return [{ side, uri: ivrUri, beforeSend: (branch) => line.expect(branch, told) }];
    }
    if (verdict.type !== 'ring') return [];
    return verdict.devices.flatMap((id) => targetAt(id, verdict.extension) ?? []);
  }

  /** Where a device is registered: its flow, and its Contact only to be read by itself. */
  function targetAt(id: string, user: string): Target | undefined {
    const binding = directory.bindingOf(id);
    const site = store.get('devices', id)?.site;
    if (binding === undefined || binding.flow.site !== site || !flows.isUp(binding.flow)) return undefined;
    return { side: { peer: { type: 'flow', flow: binding.flow }, device: id, user }, uri: binding.contact };
  }

  // --- emergency --------------------------------------------------------------------

  function callForHelp(request: SipMessage, { flow, device, number }: From<'emergency'>): Outcome {
    const target = gatewayTarget({ store, flows }, { site: flow.site, number });
    const facts = { device: device.id, site: flow.site, number, call: request.callId };
    counters.emergencyCalls++;
    if (target === undefined) {
      counters.emergencyFailed++;
      log.error(facts, 'emergency call without a way out');
      return answer(503, { reason: 'No way to the emergency gateway' });
    }
    log.warn(facts, 'emergency call');
    const near: Side = { peer: { type: 'flow', flow }, device: device.id, user: device.id };
    return { type: 'call', near, caller: emergencyCaller(device), targets: [target], unsentStatus: 503 };
  }

  /** The gateway may call back the device it was called from, by its name, and do nothing else. */
  function callBack(request: SipMessage, { flow }: From<'gateway'>): Outcome {
    const id = dialledIn(request, flow) ?? '';
    const isCall = request.method === 'INVITE' && !request.to.params.has('tag');
    if (!isCall || store.get('devices', id)?.site !== flow.site) return refuseCall(403, 'Only call-backs');
    const target = targetAt(id, id);
    if (target === undefined) return refuseCall(480, 'Not reachable');
    const user = callerNumber(request);
    const near: Side = { peer: { type: 'flow', flow }, device: '', user };
    const caller = { user, display: 'Emergency' };
    return { type: 'call', near, caller, targets: [target], unsentStatus: 480 };
  }

  // --- upstream ---------------------------------------------------------------------

  function fromUpstream(request: SipMessage, { peer }: From<'upstream'>): Outcome {
    if (request.method === 'OPTIONS') return answer(200, { headers: [['Allow', allow]] });
    if (request.to.params.has('tag')) return answer(481);
    if (request.method !== 'INVITE') return answer(405, { headers: [['Allow', allow]] });
    return obstacle(request) ?? callIn(request, peer);
  }

  /** Rings our own users and nobody else: no way leads from one network through us to another. */
  function callIn(request: SipMessage, peer: UpstreamPeer): Outcome {
    const called = calledThere(request, store.get('upstreams', peer.upstream));
    if (called === undefined || store.get('users', called) === undefined) return refuseCall(404, 'Not Found');
    const targets = directory.devicesOf(called).flatMap((id) => targetAt(id, called) ?? []);
    if (targets.length === 0) return refuseCall(480, 'Not logged in');
    const caller = callerThere(request);
    options.upstreams.begins(request.callId);
    const near: Side = { peer: { ...peer, account: called }, device: '', user: caller.user };
    return { type: 'call', near, caller, targets, unsentStatus: 480 };
  }

  function fromDevice(request: SipMessage, admitted: From<'device'>): Outcome {
    if (request.method === 'OPTIONS') return answer(200, { headers: [['Allow', allow]] });
    // Where a dialog was: its tokens are missing or wrong.
    if (request.to.params.has('tag')) return answer(481);
    if (request.method === 'INVITE') return obstacle(request) ?? dial(request, admitted);
    return answer(405, { headers: [['Allow', allow]] });
  }

  function requestInDialog(tx: Tx, dialog: Dialog): void {
    const refusal = mayInDialog(tx.request, dialog.near) ? obstacle(tx.request) : answer(403);
    if (refusal === undefined) {
      forwardInDialog(tx, dialog);
      return;
    }
    counters.refusedInDialog++;
    perform(tx, refusal);
  }

  return {
    request(tx, admitted) {
      const { request } = tx;
      switch (admitted.type) {
        case 'dialog':
          requestInDialog(tx, admitted);
          break;
        case 'emergency':
          perform(tx, callForHelp(request, admitted));
          break;
        case 'gateway':
          perform(tx, obstacle(request) ?? callBack(request, admitted));
          break;
        case 'upstream':
          perform(tx, fromUpstream(request, admitted));
          break;
        case 'device':
          perform(tx, fromDevice(request, admitted));
      }
    },
    ack(leg, far) {
      if (leg.request.get('Max-Forwards') === '0') return;
      const { request, branch } = legs.inDialog(leg, far);
      const ready = mediaFrom(leg.near).pass(request, 'there', { side: far, uri: '' }, branch);
      const send = () => options.send(far.peer, request);
      if (ready === undefined) send();
      else void ready.then(send, send);
    },
  };
}

type More = { reason?: string; headers?: HeaderList };
type Answer = { type: 'answer'; status: number } & More;
type Call = {
  near: Side;
  caller: Identity | undefined;
  targets: readonly Target[];
  unsentStatus: 480 | 503;
};
type Outcome = Answer | ({ type: 'call' } & Call);

const answer = (status: number, more: More = {}): Answer => ({ type: 'answer', status, ...more });

const mediaEndOf = ({ peer, device, user }: Side): MediaEnd | undefined =>
  peer.type === 'flow' ? { flow: peer.flow, user, isGateway: device === '' } : undefined;

/**
 * REFER makes the far phone call: nobody may have that done from a desk where
 * nobody is logged in. A NOTIFY is for a transfer; check-sync and the like from
 * one phone to another would restart it.
 */
function mayInDialog(request: SipMessage, near: Side): boolean {
  // From a network it would be a call at our cost (toll fraud).
  if (request.method === 'REFER') return near.device !== '' && near.user !== near.device;
  if (request.method === 'NOTIFY') return /^refer\b/i.test(request.get('Event') ?? '');
  return true;
}
