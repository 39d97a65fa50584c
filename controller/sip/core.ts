/**
 * The SIP core: one way in for what comes over flows, the wiring of what is
 * done with it, and the IVR beside it as a peer in the same process.
 *
 *     flow ─ receive ─ parse ─ gate ─┬ transactions ─ proxy ─ dial plan, calls
 *                        │       │   └ registrar: no memory but the binding
 *                        │       └ 401, 407, 403: no memory
 *                        └ 400: no memory
 */

import assert from 'node:assert/strict';
import type { Logger } from 'pino';
import { type CallList, createCallList } from '#controller/emergency/call-list.ts';
import type { Keys } from '#controller/keys.ts';
import type { Device, Flow } from '#controller/model/model.ts';
import type {
  CallMedia,
  ChangeOvers,
  Flows,
  LoginLine,
  Resync,
  SipStranger,
  Store,
} from '#controller/model/ports.ts';
import { createLamps } from '#controller/sip/upstream/lamps.ts';
import { createUpstreams, type Upstreams } from '#controller/sip/upstream/upstreams.ts';
import { createVoicemail } from '#controller/sip/upstream/voicemail.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { createResponse, formatMessage, parseMessage, type SipMessage } from '#protocol/sip/message.ts';
import { refuse } from '#protocol/sip/refusal.ts';
import { type ServerTransaction, Transactions } from '#protocol/sip/transactions.ts';
import { receivedFrom } from '#protocol/sip/via.ts';
import { createAlgorithms } from './algorithms.ts';
import { createAuthentication } from './authentication.ts';
import { createBindings } from './bindings.ts';
import { createCalls } from './calls.ts';
import { type Counters, createCounters } from './counters.ts';
import { createDialogStates } from './dialog-states.ts';
import { createDirectory } from './directory.ts';
import { createWaysOut, type Exit, inEmergency, siteOf, type WaysOut } from './emergency.ts';
import { createEmergencyDesk } from './emergency-desk.ts';
import { createEmergencyTests, type EmergencyTests } from './emergency-test.ts';
import { createFlowTokens } from './flow-token.ts';
import { type Admitted, createGate } from './gate.ts';
import { createLegs } from './legs.ts';
import { createLimiter } from './limiter.ts';
import { createNotifier } from './notifier.ts';
import { isReliable, ivr, keyOf, type Peer, pathOf } from './peer.ts';
import { createDenial, createPresence } from './presence.ts';
import { createProxy } from './proxy.ts';
import { createRandom } from './random.ts';
import { createRegistrar } from './registrar.ts';
import { createResync } from './resync.ts';
import { createRoutes } from './routes.ts';
import { readStranger } from './stranger.ts';
import { createWhereabouts } from './whereabouts.ts';

export type SipCoreOptions = {
  store: Store;
  keys: Keys;
  flows: Flows;
  changeOvers: ChangeOvers;
  line: LoginLine;
  /** Absent: all media goes from phone to phone. */
  media?: CallMedia;
  clock: Clock;
  log: Logger;
  random?: (bytes: number) => Uint8Array;
  /** Of one address; an office may be behind one. */
  unauthenticatedPerSecond?: number;
  maxTransactions?: number;
  /** How long phones ring before the caller hears that nobody came. A site's `ringSeconds` comes first. */
  ringMs?: number;
  /** Where the place of a device can be fetched; undefined: nowhere. */
  locationUrl?: (device: string) => string;
  /** The ways to a PBX or trunk in an emergency; those of the store's upstreams when absent. */
  exitsTo?: (upstream: string, number: string) => readonly Exit[];
  /** The device's model is known to take SHA-256 digests. */
  takesSha256?: (device: Device) => boolean;
  /** The Event of the NOTIFY that makes a phone fetch its config without a restart. */
  resyncEventOf?: (device: Device) => string;
  /** Told of requests of nobody we know, at most at the rate of `unauthenticatedPerSecond`. */
  onStranger?: ((stranger: SipStranger) => void) | undefined;
  /** Told of every message to and from phones and upstreams. */
  trace?: (direction: 'in' | 'out', peer: Peer, bytes: Uint8Array) => void;
};

/** For the API and for who is told: the calls, the pidf-lo of a device, a site's routes and their test. */
export type Emergency = { list: CallList; waysOut: WaysOut; tests: EmergencyTests };

export type SipCore = {
  receive(flow: Flow, bytes: Uint8Array): void;
  resync: Resync;
  reboot: Resync;
  isInCall(device: string): boolean;
  readonly upstreams: Upstreams;
  readonly counters: Readonly<Counters>;
  readonly emergency: Emergency;
  close(): void;
};

export function createSipCore({
  store,
  keys,
  flows,
  changeOvers,
  line,
  media = { pass: () => undefined, settled: () => undefined },
  clock,
  log,
  random = createRandom(),
  unauthenticatedPerSecond = 20,
  maxTransactions = 20_000,
  ringMs = 60_000,
  locationUrl,
  exitsTo,
  takesSha256 = () => false,
  resyncEventOf = () => 'check-sync;reboot=false',
  onStranger,
  trace = () => {},
}: SipCoreOptions): SipCore {
  const counters = createCounters();
  const bindings = createBindings({ store });
  const directory = createDirectory({ store, bindings, clock });
  const dialogs = createDialogStates({ onChange: (user) => notifier.changed('dialog', user) });
  const calls = createCalls({
    clock,
    onFree: (device) => changeOvers.callEnded(device),
    onEnd: dialogs.finish,
  });
  const authentication = createAuthentication({ store, keys, clock, random });
  const routes = createRoutes(
    createFlowTokens(
      keys.flow,
      (agent) => store.get('agents', agent)?.site,
      (upstream) => upstreams.namesAt(upstream),
    ),
    createWhereabouts({ flows, directory }),
  );
  const offsetOf = (callId: string) => upstreams.offsetOf(callId);
  const legs = createLegs({
    store,
    routes,
    key: keys.flow,
    random,
    offsetOf,
    inEmergency: ({ device, peer }) => inEmergency(store, device, siteOf(peer)),
  });
  const limiter = createLimiter({
    clock,
    perSecond: unauthenticatedPerSecond,
    burst: 5 * unauthenticatedPerSecond,
  });
  const algorithms = createAlgorithms({ store, directory, takesSha256 });
  const gate = createGate({
    ...{ store, directory, authentication, algorithms, routes, limiter, clock, counters },
    onStranger(request, flow) {
      const stranger = onStranger && readStranger(request, flow);
      if (stranger && store.get('devices', stranger.user) === undefined) onStranger?.(stranger);
    },
  });
  /** What the gate found, until the transaction asks for it a moment later. */
  const admissions = new Map<SipMessage, Admitted>();

  const transactions = new Transactions<Peer>({
    clock,
    send,
    isReliable,
    keyOf,
    onRequest,
    onAck,
    onStrayResponse: () => counters.stray++,
    isExempt: (request) => ['emergency', 'gateway', 'dialog'].includes(admissions.get(request)?.type ?? ''),
    maxTransactions,
  });
  const upstreams = createUpstreams({
    store,
    keys,
    transactions,
    receive: (peer, bytes) => take(bytes, peer),
    onRegistration: (state) => voicemail.registration(state),
    onReach: (reach) => lamps.reach(reach),
    clock,
    log,
    random,
  });
  const register = createRegistrar({
    store,
    bindings,
    changeOvers,
    clock,
    counters,
    onRestart: calls.forget,
    toTag: authentication.tagFor,
  });
  const list = createCallList({ store, clock, log, random });
  const waysOut = createWaysOut({
    store,
    flows,
    clock,
    legs,
    random,
    locationUrl,
    exitsTo: exitsTo ?? exitsOfUpstream,
    isDown,
  });
  const tests = createEmergencyTests({ store, directory, transactions: upstreams, waysOut, clock, random });
  const emergency = createEmergencyDesk({
    ...{ store, line, log, clock, transactions: upstreams, legs, calls, counters, list, waysOut },
    test: tests.test,
    tagFor: authentication.tagFor,
  });
  const voicemail = createVoicemail({
    ...{ store, flows, directory, transactions, clock, random },
    ask: upstreams.ask,
    peerOf: upstreams.peerOf,
    changed: (extension) => notifier.changed(voicemail.package.event, extension),
    isWatching: (device) => notifier.watches(device, voicemail.package.event),
  });
  const lamps = createLamps({
    ...{ store, upstreams, counters, clock, random },
    changed: (number) => notifier.changed('dialog', number),
  });
  const notifier = createNotifier({
    packages: [createPresence({ store, directory, dialogs, lamps }), voicemail.package],
    store,
    flows,
    whereabouts: createWhereabouts({ flows, directory }),
    directory,
    transactions,
    clock,
    counters,
    tagFor: authentication.tagFor,
    random,
  });
  const proxy = createProxy({
    store,
    flows,
    line,
    clock,
    log,
    ringMs,
    directory,
    transactions: upstreams,
    upstreams,
    legs,
    calls,
    emergency,
    dialogs,
    denialOf: createDenial({ store, directory }),
    notifier,
    voicemail: {
      notified: (request, peer) => lamps.notified(request, peer) ?? voicemail.notified(request, peer),
    },
    counters,
    media,
    tagFor: authentication.tagFor,
    send: (peer, message) => send(peer, formatMessage(upstreams.ack(message, peer))),
  });
  line.onSend = (bytes) => take(bytes, ivr);

  function isDown(upstream: string): boolean {
    const { addresses } = upstreams.show(upstream);
    return addresses.length > 0 && addresses.every(({ state }) => state === 'down');
  }

  /** An upstream's addresses, one after the other; as itself, for no user's account may stand for a desk. */
  function exitsOfUpstream(upstream: string, number: string): Exit[] {
    const exits: Exit[] = [];
    for (
      let target = upstreams.target({ upstream, number }, '');
      target !== undefined;
      target = target.next?.()
    )
      exits.push({ peer: target.side.peer, uri: target.uri });
    return exits;
  }

  function send(peer: Peer, bytes: Uint8Array): boolean {
    trace('out', peer, bytes);
    if (peer.type === 'flow') return flows.send(peer.flow, bytes);
    if (peer.type === 'upstream') return upstreams.send(peer, bytes);
    line.receive(bytes);
    return true;
  }

  function take(bytes: Uint8Array, peer: Peer): void {
    trace('in', peer, bytes);
    try {
      const message = parseMessage(bytes);
      // A transaction keeps it for 32 s, and must not keep all that came with it in one message of the tunnel.
      if (message.body.length > 0) message.body = Buffer.from(message.body);
      if (message.start.type === 'response') transactions.receive(message, peer);
      else takeRequest(message, peer);
    } catch (error) {
      refused(error, { peer: keyOf(peer) });
      const refusal = hasRate(peer) ? refuse(bytes, error) : undefined;
      if (refusal !== undefined) send(peer, refusal);
    }
  }

  /** What is no Fault is ours: one message fails for it, and not everybody's calls. */
  function refused(err: unknown, facts: object): void {
    counters[Fault.is(err) ? 'malformed' : 'failed']++;
    log[Fault.is(err) ? 'debug' : 'error']({ err, ...facts }, 'SIP message refused');
  }

  function takeRequest(request: SipMessage, peer: Peer): void {
    if (peer.type !== 'ivr') request.replaceTopVia(receivedFrom(request.topVia, pathOf(peer).remote));
    if (wasLetIn(request, peer)) transactions.receive(request, peer);
    else if (request.method === 'CANCEL') refuseCancel(request, peer);
    else letIn(request, peer);
  }

  /** An ACK is never answered, and what is known was let in before; a REGISTER never is. */
  const wasLetIn = (request: SipMessage, peer: Peer) =>
    request.method === 'ACK' || (request.method !== 'REGISTER' && transactions.isKnown(request, peer));

  /** RFC 3261 9.2: a CANCEL of nothing. Too cheap to send for a transaction of its own. */
  function refuseCancel(request: SipMessage, peer: Peer): void {
    counters.stray++;
    if (hasRate(peer))
      sendStateless(createResponse(request, 481, { toTag: authentication.tagFor(request) }), peer);
  }

  function letIn(request: SipMessage, peer: Peer): void {
    const found = gate(request, peer);
    if (found.type === 'drop') return;
    if (found.type === 'answer') sendStateless(found.response, peer);
    else if (found.type === 'device' && request.method === 'REGISTER') {
      // RFC 3261 8.2.7: after a power cut every phone registers, and each transaction would stay for 32 s.
      const respond = (response: SipMessage) => sendStateless(response, peer);
      answerFaults(request, respond, () => respond(register(request, found)));
    } else {
      admissions.set(request, found);
      try {
        transactions.receive(request, peer);
      } finally {
        admissions.delete(request);
      }
    }
  }

  function hasRate(peer: Peer): boolean {
    if (peer.type !== 'flow' || limiter.take(`${peer.flow.agent} ${peer.flow.remote.address}`)) return true;
    counters.limited++;
    return false;
  }

  const sendStateless = (response: SipMessage, peer: Peer) => send(peer, formatMessage(response));

  function onRequest(tx: ServerTransaction<Peer>): void {
    const admitted = admissions.get(tx.request);
    assert(admitted !== undefined, 'only what the gate let in has a transaction');
    const respond = (response: SipMessage) => tx.respond(response);
    answerFaults(tx.request, respond, () => proxy.request(tx, admitted));
  }

  function answerFaults(request: SipMessage, respond: (response: SipMessage) => void, run: () => void): void {
    try {
      run();
    } catch (error) {
      refused(error, { call: request.callId });
      const status = Fault.is(error, 'sip.malformed') ? Number(error.facts.status) : 500;
      respond(createResponse(request, status, { toTag: authentication.tagFor(request) }));
    }
  }

  function onAck(ack: SipMessage, peer: Peer): void {
    const dialog = routes.dialogOf(ack, peer);
    // The ACK to a 401 or 407 of ours, which had no transaction, has no Route either.
    if (dialog === 'bad') counters.badToken++;
    if (typeof dialog === 'string') return;
    proxy.ack({ request: ack, near: dialog.near, caller: legs.identityOf(dialog.near) }, dialog.far);
  }

  const phones = { store, keys, log, directory, calls, transactions, random };
  return {
    receive: (flow, bytes) => take(bytes, { type: 'flow', flow }),
    resync: createResync({ ...phones, eventOf: resyncEventOf }),
    reboot: createResync({ ...phones, eventOf: () => 'check-sync;reboot=true' }),
    isInCall: (device) => calls.count(device) > 0,
    upstreams,
    counters,
    emergency: { list, waysOut, tests },
    close() {
      lamps.close();
      voicemail.close();
      upstreams.close();
      line.onSend = () => {};
      notifier.close();
      transactions.close();
      calls.close();
      directory.close();
    },
  };
}
