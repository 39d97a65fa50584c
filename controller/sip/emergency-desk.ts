/**
 * Emergency calls, from the moment the gate has let one in: it is written down,
 * goes its ways out, and where none is left the voice says so. Also the test
 * number, and who is called back.
 *
 * Under no limit: not of calls a device, not of transactions, not of a disk.
 */

import type { CallList } from '#controller/emergency/call-list.ts';
import { placeLine } from '#controller/emergency/place.ts';
import type { Site } from '#controller/model/model.ts';
import type { LoginLine, SaidPrompt, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { createResponse } from '#protocol/sip/message.ts';
import type { ServerTransaction, Transactions } from '#protocol/sip/transactions.ts';
import { type Calls, dialogKey } from './calls.ts';
import type { Counters } from './counters.ts';
import { inEmergency, type WaysOut } from './emergency.ts';
import type { EmergencyTest } from './emergency-test.ts';
import type { Side } from './flow-token.ts';
import { type ForwardOptions, forward, type Target } from './forward.ts';
import { type Admitted, dialledIn } from './gate.ts';
import { callForHelp, type HelpOutcome } from './help-call.ts';
import type { Leg, Legs } from './legs.ts';
import { ivr, ivrUri, type Peer } from './peer.ts';

type Tx = ServerTransaction<Peer>;
type From<T extends Admitted['type']> = Extract<Admitted, { type: T }>;

/** Whoever has the media of a call that comes from there. */
type MediaFrom = (near: Side) => ForwardOptions['media'];

export type EmergencyDeskOptions = {
  store: Store;
  line: Pick<LoginLine, 'expect'>;
  log: Record<'error', (facts: object, message: string) => void>;
  clock: Clock;
  transactions: Pick<Transactions<Peer>, 'request'>;
  legs: Legs;
  calls: Calls;
  counters: Counters;
  list: CallList;
  waysOut: WaysOut;
  test: EmergencyTest;
  tagFor: (request: Tx['request']) => string;
};

export type EmergencyDesk = {
  /** False: it is no emergency call and no test of one. */
  take(tx: Tx, admitted: Admitted, mediaFrom: MediaFrom): boolean;
  /** Devices that ring when a site's gateway, or an upstream (no `site`), calls this number back. */
  calledBack(number: string, site?: string): readonly string[];
};

export function createEmergencyDesk(options: EmergencyDeskOptions): EmergencyDesk {
  const { store, line, log, clock, transactions, legs, calls, counters, list, waysOut, test, tagFor } =
    options;

  function help(tx: Tx, { flow, device, number }: From<'emergency'>, mediaFrom: MediaFrom): void {
    const { request } = tx;
    const near: Side = { peer: { type: 'flow', flow }, device: device.id, user: device.id };
    const { caller, callback, place } = inEmergency(store, device.id, flow.site);
    const extension = store.get('sessions', device.id)?.extension;
    const site = store.get('sites', flow.site);
    counters.emergencyCalls++;
    const call = list.begin({
      ...{ device: device.id, site: flow.site, number, callerId: caller.user, callbackNumber: callback },
      place: placeLine(place),
      ...(extension !== undefined && { extension }),
    });
    const release = calls.hold(device.id);
    const leg: Leg = { request, near, caller: undefined };
    callForHelp({
      ...{ transactions, clock, tx, toTag: tagFor(request) },
      ways: site === undefined ? [] : waysOut.waysOf(device, site, number),
      prepare: (way, tries) => waysOut.invite(request, near, way, tries),
      complete: (outgoing, way) => waysOut.locate(outgoing, near, way),
      media: mediaFrom(near),
      relay: (response, side) => legs.response(response, leg, { side, uri: '' }),
      onAnswer: (response) => calls.confirm(dialogKey(response), [device.id]),
      onOutcome(outcome) {
        call.settle(settled(outcome));
        release();
        if (outcome.type !== 'failed') return;
        counters.emergencyFailed++;
        say(tx, near, 'noHelp', mediaFrom);
      },
    });
  }

  /** Puts the phone through to the voice. It can say no more than 503 when even that is not there. */
  function say(tx: Tx, near: Side, prompt: SaidPrompt, mediaFrom: MediaFrom): void {
    if (near.peer.type !== 'flow') return;
    const { flow } = near.peer;
    const told = { device: near.device, site: flow.site, flow, request: { type: 'say', prompt } } as const;
    const leg: Leg = { request: tx.request, near, caller: legs.identityOf(near) };
    const target: Target = {
      side: { peer: ivr, device: '', user: 'hotdesk' },
      uri: ivrUri,
      beforeSend: (branch) => line.expect(branch, told),
    };
    forward({
      ...{ transactions, tx, targets: [target], toTag: tagFor(tx.request), unsentStatus: 503 },
      media: mediaFrom(near),
      prepare: (to) => legs.first(leg, to),
      relay: (response, to) => legs.response(response, leg, to),
    });
  }

  async function testAloud(tx: Tx, from: From<'device'>, site: Site, mediaFrom: MediaFrom): Promise<void> {
    const { flow, device } = from;
    const near: Side = { peer: { type: 'flow', flow }, device: device.id, user: device.id };
    let isCancelled = false;
    tx.onCancel = () => {
      isCancelled = true;
      tx.respond(createResponse(tx.request, 487, { toTag: tagFor(tx.request) }));
    };
    const { ok, steps } = await test(site, device).catch((error: unknown) => {
      if (!Fault.is(error)) throw error;
      return { ok: false, steps: [{ route: '', step: 'test', ok: false, detail: error.message }] };
    });
    if (!ok)
      log.error(
        { device: device.id, site: site.id, failed: steps.filter((step) => !step.ok) },
        'emergency test failed',
      );
    if (!isCancelled) say(tx, near, ok ? 'testPassed' : 'testFailed', mediaFrom);
  }

  return {
    take(tx, admitted, mediaFrom) {
      if (admitted.type === 'emergency') help(tx, admitted, mediaFrom);
      else {
        const { request } = tx;
        if (admitted.type !== 'device' || request.method !== 'INVITE' || request.to.params.has('tag'))
          return false;
        const site = store.get('sites', admitted.flow.site);
        const dialled = dialledIn(request, admitted.flow);
        if (site?.emergencyTestNumber === undefined || site.emergencyTestNumber !== dialled) return false;
        void testAloud(tx, admitted, site, mediaFrom);
      }
      return true;
    },

    calledBack(number, site) {
      const device = store.get('devices', number);
      // By its own name a device is known to its own gateway only.
      if (device !== undefined) return device.site === site ? [device.id] : [];
      return list.calledFrom(number, site);
    },
  };
}

function settled(outcome: HelpOutcome) {
  const { type: state } = outcome;
  if (outcome.type === 'cancelled') return { state };
  const { way, status } = outcome;
  return {
    state,
    ...(way !== undefined && { route: `${way.name}, location: ${way.location}` }),
    ...(status !== undefined && { status }),
  };
}
