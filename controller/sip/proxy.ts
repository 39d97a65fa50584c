/**
 * The proxy: what becomes of a request that the gate let in.
 *
 *     dialog      forwarded to its other end
 *     emergency   the ways out of the site (./emergency-desk.ts)
 *     gateway     a call-back to the device it names; nothing else
 *     upstream    a call to the devices of the user it names; MWI; nothing else
 *     device      OPTIONS: answered; INVITE: as the dial plan says; SUBSCRIBE: ./notifier.ts; the rest: 405
 *
 * MESSAGE is among the rest: a desk phone shows it to whoever sits there next.
 * A device's REGISTER never comes here: ./registrar.ts answers it, without a transaction.
 */

import type { Logger } from 'pino';
import type { Flow } from '#controller/model/model.ts';
import type { CallMedia, Flows, LoginLine, Store } from '#controller/model/ports.ts';
import { calledThere, callerThere } from '#controller/sip/upstream/incoming.ts';
import type { Upstreams } from '#controller/sip/upstream/upstreams.ts';
import type { Voicemail } from '#controller/sip/upstream/voicemail.ts';
import type { Clock } from '#protocol/clock.ts';
import { createResponse, type SipMessage } from '#protocol/sip/message.ts';
import type { ServerTransaction, Transactions } from '#protocol/sip/transactions.ts';
import { type Calls, dialogKey, partyIn } from './calls.ts';
import type { Counters } from './counters.ts';
import { decide, type Verdict } from './dial-plan.ts';
import type { DialogStates } from './dialog-states.ts';
import type { Directory } from './directory.ts';
import type { EmergencyDesk } from './emergency-desk.ts';
import type { Side } from './flow-token.ts';
import { type ForwardOptions, forward, type Target } from './forward.ts';
import { type Admitted, dialledIn } from './gate.ts';
import { callerNumber } from './identity.ts';
import type { Leg, Legs } from './legs.ts';
import { mediaEndOf } from './media-end.ts';
import type { Notifier } from './notifier.ts';
import { type Answer, answer, type Call, type Outcome } from './outcome.ts';
import { ivr, ivrUri, type Peer, type UpstreamPeer } from './peer.ts';
import { answerAtOnce, bringAfterMs, createPickups } from './pickup.ts';
import type { DenialOf } from './presence.ts';
import type { Dialog } from './routes.ts';
import { createTransfers, type Dialler } from './transfer.ts';

export type ProxyOptions = {
  store: Store;
  flows: Flows;
  line: LoginLine;
  clock: Clock;
  log: Logger;
  directory: Directory;
  transactions: Pick<Transactions<Peer>, 'request'>;
  upstreams: Upstreams;
  legs: Legs;
  calls: Calls;
  emergency: EmergencyDesk;
  dialogs: Pick<DialogStates, 'begin' | 'ringing' | 'named'>;
  denialOf: DenialOf;
  notifier: Pick<Notifier, 'subscribe'>;
  voicemail: Pick<Voicemail, 'notified'>;
  counters: Counters;
  media: CallMedia;
  /** How long phones ring, where their caller's site says nothing else. */
  ringMs: number;
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

const allow = 'INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE, INFO, REFER, NOTIFY, SUBSCRIBE';
/** A phone has some lines; more is a fault or an attack. */
const maxCallsPerDevice = 8;

export function createProxy(options: ProxyOptions): Proxy {
  const {
    store,
    flows,
    line,
    clock,
    log,
    directory,
    transactions,
    legs,
    calls,
    counters,
    emergency,
    tagFor,
  } = options;
  const transfers = createTransfers({ store, clock, calls, verdictOn, targetsOf });
  const pickupOf = createPickups(options);

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

  function call(tx: Tx, { near, caller, targets, unsentStatus, ringing, taken }: Call): void {
    const leg: Leg = { request: tx.request, near, caller };
    const nearEnd = partyIn(tx.request, near);
    const isNoTransit = ({ side }: Target) => near.peer.type !== 'upstream' || side.peer.type !== 'upstream';
    const seen = new Set(ringing === undefined ? [] : [ringing.number]);
    const hold = ({ device }: Side) => (device === '' ? () => {} : calls.hold(device));
    const release = hold(near);
    const states = options.dialogs.begin(tx.request, near, {
      bring: (target) => forwarded.bring(target),
      stop: () => forwarded.stop(),
    });
    counters.calls++;
    const forwarded = forward({
      transactions,
      tx,
      targets,
      toTag: tagFor(tx.request),
      unsentStatus,
      media: mediaFrom(near),
      prepare: (target) => {
        const out = legs.first(leg, target);
        for (const [name, value] of target.headers ?? []) out.request.set(name, value);
        return out;
      },
      relay: (response, target) => {
        states.response(response, target.side);
        return legs.response(response, leg, target);
      },
      onRing: ({ side }) => both(hold(side), states.ring(side)),
      onAnswer: (response, { side }) => {
        calls.confirm(
          dialogKey(response),
          [near.device, side.device].filter((device) => device !== ''),
          [nearEnd, partyIn(response, side)],
        );
        taken?.call.stop();
      },
      ...(ringing !== undefined && {
        ringing: { clock, ms: ringing.ms },
        redirect: (response, { side }) => transfers.redirected(response, side, seen).filter(isNoTransit),
      }),
      onDefused: () => counters.defused++,
      onUncalled: (targets) => {
        counters.overloaded += targets;
      },
      onEnd: both(release, states.end),
    });
  }

  function forwardInDialog(tx: Tx, { near, far }: Dialog, request = tx.request): void {
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

  function dial(request: SipMessage, { flow, device: { id: device } }: From<'device'>): Outcome {
    const dialled = dialledIn(request, flow);
    if (dialled === undefined) return refuseCall(404, 'Not Found');
    const verdict = verdictOn(dialled, { device, flow });
    if (verdict.type === 'refuse') return refuseCall(verdict.status, verdict.reason);
    const targets = targetsOf(verdict, { device, flow });
    if (targets.length === 0) return refuseCall(480, 'Not reachable');
    const ms = (store.get('sites', flow.site)?.ringSeconds ?? options.ringMs / 1_000) * 1_000;
    const ringing = verdict.type === 'ring' ? { number: dialled, ms } : undefined;
    return callFrom(device, flow, { targets, ringing });
  }

  function callFrom(device: string, flow: Flow, way: Pick<Call, 'targets' | 'ringing' | 'taken'>): Outcome {
    if (calls.count(device) >= maxCallsPerDevice) {
      counters.overloaded++;
      return answer(486, { reason: 'Too many calls' });
    }
    const user = store.get('sessions', device)?.extension ?? device;
    const near: Side = { peer: { type: 'flow', flow }, device, user };
    return { type: 'call', near, caller: legs.identityOf(near), unsentStatus: 480, ...way };
  }

  function pickUp(request: SipMessage, { flow, device: { id } }: From<'device'>): Outcome | undefined {
    const found = pickupOf(request, { device: id, flow });
    if (found?.type === 'refuse') return refuseCall(found.status, found.reason);
    if (found?.type === 'replace') {
      return callFrom(id, flow, { targets: [found.target], ringing: undefined, taken: found.dialog });
    }
    const target = found && targetAt(id, store.get('sessions', id)?.extension ?? id);
    if (target === undefined) return found && refuseCall(480, 'Not registered');
    clock.after(bringAfterMs, () => found?.dialog.call.bring({ ...target, headers: answerAtOnce }));
    return answer(480, { reason: 'The call comes to you' });
  }

  function replace(request: SipMessage, { flow, device: { id: device } }: From<'device'>): Outcome {
    const target = transfers.replaced(request, { device, flow });
    // RFC 3891 3. What the sender may not have looks like what there is not.
    if (target === undefined) return refuseCall(481, 'No such call');
    return callFrom(device, flow, { targets: [target], ringing: undefined });
  }

  function verdictOn(dialled: string, { device, flow }: Dialler): Verdict {
    const site = store.get('sites', flow.site);
    if (site === undefined) return { type: 'refuse', status: 404, reason: 'Not Found' };
    const extension = store.get('sessions', device)?.extension;
    const { devicesOf } = directory;
    const isUser = (number: string) => store.get('users', number) !== undefined;
    return decide(
      dialled,
      { device, extension },
      { site, isUser, devicesOf, beyond: options.upstreams.find },
    );
  }

  function targetsOf(verdict: Verdict, { flow, device }: Dialler): readonly Target[] {
    if (verdict.type === 'to') {
      const caller = store.get('sessions', device)?.extension ?? '';
      return [options.upstreams.target(verdict, caller) ?? []].flat();
    }
    if (verdict.type === 'line') {
      const told = { device, site: flow.site, flow, request: verdict.request };
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

  /** The gateway may call back a device, by its name, or by its number after it called, and do nothing else. */
  function callBack(request: SipMessage, { flow }: From<'gateway'>): Outcome {
    const isCall = request.method === 'INVITE' && !request.to.params.has('tag');
    const devices = isCall ? emergency.calledBack(dialledIn(request, flow) ?? '', flow.site) : [];
    if (devices.length === 0) return refuseCall(403, 'Only call-backs');
    return ringHelped(request, { type: 'flow', flow }, devices);
  }

  /** Devices, whoever sits there by now. */
  function ringHelped(request: SipMessage, peer: Peer, devices: readonly string[]): Outcome {
    const targets = devices.flatMap((id) => targetAt(id, id) ?? []);
    if (targets.length === 0) return refuseCall(480, 'Not reachable');
    const user = callerNumber(request);
    const near: Side = { peer, device: '', user };
    const caller = { user, display: 'Emergency' };
    return { type: 'call', near, caller, targets, unsentStatus: 480, ringing: undefined };
  }

  // --- upstream ---------------------------------------------------------------------

  function fromUpstream(request: SipMessage, { peer }: From<'upstream'>): Outcome {
    if (request.method === 'OPTIONS') return answer(200, { headers: [['Allow', allow]] });
    if (request.method === 'NOTIFY') return answer(options.voicemail.notified(request, peer));
    if (request.to.params.has('tag')) return answer(481);
    if (request.method !== 'INVITE') return answer(405, { headers: [['Allow', allow]] });
    return obstacle(request) ?? callIn(request, peer);
  }

  /** Rings our own users and nobody else: no way leads from one network through us to another. */
  function callIn(request: SipMessage, peer: UpstreamPeer): Outcome {
    const helped = emergency.calledBack(calledThere(request, { calledPrefix: '' }) ?? '');
    if (helped.length > 0) return ringHelped(request, { ...peer, account: '' }, helped);
    const called = calledThere(request, store.get('upstreams', peer.upstream));
    if (called === undefined || store.get('users', called) === undefined) return refuseCall(404, 'Not Found');
    const targets = directory.devicesOf(called).flatMap((id) => targetAt(id, called) ?? []);
    if (targets.length === 0) return refuseCall(480, 'Not logged in');
    const caller = callerThere(request);
    const home = options.upstreams.begins(request.callId, peer);
    const near: Side = { peer: { ...home, account: called }, device: '', user: caller.user };
    const ringing = { number: called, ms: options.ringMs };
    return { type: 'call', near, caller, targets, unsentStatus: 480, ringing };
  }

  /** RFC 3261 11.2, 8.2.2: asked of us, as a user agent. */
  function answerOptions(request: SipMessage): Outcome {
    const required = [...request.getAll('Require'), ...request.getAll('Proxy-Require')].join(', ');
    if (required !== '') return answer(420, { headers: [['Unsupported', required]] });
    return answer(200, { headers: [['Allow', allow]] });
  }

  function fromDevice(request: SipMessage, admitted: From<'device'>): Outcome {
    if (!isSip(request)) return answer(416);
    if (request.method === 'OPTIONS') return answerOptions(request);
    if (request.method === 'SUBSCRIBE')
      return { type: 'answer', ...options.notifier.subscribe(request, admitted) };
    // Where a dialog was: its tokens are missing or wrong.
    if (request.to.params.has('tag')) return answer(481);
    if (request.method === 'INVITE') {
      const isReplacing = request.get('Replaces') !== undefined;
      return (
        obstacle(request) ?? pickUp(request, admitted) ?? (isReplacing ? replace : dial)(request, admitted)
      );
    }
    return answer(405, { headers: [['Allow', allow]] });
  }

  function requestInDialog(tx: Tx, dialog: Dialog): void {
    const refusal = mayInDialog(tx.request) ? obstacle(tx.request) : answer(403);
    const referred =
      refusal === undefined && tx.request.method === 'REFER'
        ? transfers.referred(tx.request, dialog)
        : undefined;
    if (referred?.type === 'pass') forwardInDialog(tx, dialog, referred.request);
    else if (refusal === undefined && referred === undefined) forwardInDialog(tx, dialog);
    else {
      counters.refusedInDialog++;
      perform(tx, refusal ?? answer(referred?.status ?? 403));
    }
  }

  return {
    request(tx, admitted) {
      if (emergency.take(tx, admitted, mediaFrom)) return;
      const { request } = tx;
      switch (admitted.type) {
        case 'dialog':
          requestInDialog(tx, admitted);
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

const both = (first: () => void, second: () => void) => () => {
  first();
  second();
};

const isSip = ({ start }: SipMessage) => start.type === 'request' && /^sips?:/i.test(start.uri);

/** A NOTIFY is for a transfer; check-sync and the like from one phone to another would restart it. */
const mayInDialog = (request: SipMessage) =>
  request.method !== 'NOTIFY' || /^refer\b/i.test(request.get('Event') ?? '');
