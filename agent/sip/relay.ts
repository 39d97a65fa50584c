/**
 * Between the phones' sockets and the tunnel: the rules, without the sockets.
 * The agent does not route: what a phone sends goes up its flow, what comes
 * down a flow goes to that flow's own remote and nowhere else.
 *
 *     from a phone                                      then
 *     CRLF, NUL                                         the flow is used, nothing more
 *     not SIP, too long                                 dropped, counted
 *     known path                                        up its flow
 *     new path, impossible address or over the rate     dropped, counted
 *     new path                                          flow.open, then up it
 *     the tunnel does not take it                       503 with Retry-After, no state
 */

import { createBuckets } from '#agent/buckets.ts';
import { toCanonical, whyNotTo } from '#agent/target.ts';
import type { AgentTunnel, Log } from '#agent/tunnel.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { FlowOpening } from '#protocol/tunnel/control.ts';
import { type Flow, FlowTable, pathOf } from './flows.ts';
import { isRegistered, sniff } from './sniff.ts';
import { answerUnavailable } from './unavailable.ts';

export type SipRelayOptions = {
  uplink: Pick<AgentTunnel, 'isUp' | 'control' | 'sip'>;
  /** Sends from the socket at `local`; false when there is none. */
  transmit(local: HostPort, remote: HostPort, bytes: Uint8Array): boolean;
  isOurSocket(address: HostPort): boolean;
  clock: Clock;
  log: Log;
  random?: (() => number) | undefined;
  maxFlows?: number | undefined;
  idleMs?: number | undefined;
  newFlowsBurst?: number | undefined;
  newFlowsPerSecond?: number | undefined;
};

const counterNames = [
  'received',
  'sent',
  'keepAlives',
  'junk',
  'impossibleSources',
  'overRate',
  'unavailable',
  'unknownFlows',
  'sendFailures',
  'flowsClosed',
] as const;

export type SipCounters = Record<(typeof counterNames)[number], number>;

const sweepMs = 60_000;

export class SipRelay {
  readonly counters = Object.fromEntries(counterNames.map((name) => [name, 0])) as SipCounters;
  readonly #options: SipRelayOptions;
  readonly #table: FlowTable;
  readonly #buckets: ReturnType<typeof createBuckets>;
  readonly #random: () => number;
  #isDraining = false;
  /** False once the tunnel refused a message while down: until it is up, strangers get no state. */
  #isQueueing = true;
  #cancelSweep: () => void;

  constructor(options: SipRelayOptions) {
    const {
      clock,
      random = Math.random,
      maxFlows = 4_096,
      idleMs = 3_600_000,
      newFlowsBurst = 128,
      newFlowsPerSecond = 16,
    } = options;
    this.#options = options;
    this.#random = random;
    this.#buckets = createBuckets({ clock, burst: newFlowsBurst, perSecond: newFlowsPerSecond });
    this.#table = new FlowTable({ maxFlows, idleMs, onClose: (flow) => this.#tellClosed(flow) });
    this.#cancelSweep = clock.after(sweepMs, () => this.#sweep());
  }

  flows(): FlowOpening[] {
    return this.#table.all().map(toOpening);
  }

  /** Whether a flow's remote has this address. */
  isPhone(address: string): boolean {
    return this.#table.all().some(({ remote }) => remote.address === address);
  }

  // --- from the phones -------------------------------------------------------

  receive(local: HostPort, remote: HostPort, bytes: Buffer): void {
    this.counters.received++;
    const flow = this.#table.find(pathOf(local, remote));
    const what = sniff(bytes);
    if (what === 'junk') {
      this.counters.junk++;
      return;
    }
    if (flow !== undefined) this.#table.touch(flow, this.#options.clock.now());
    if (what === 'keepAlive') {
      this.counters.keepAlives++;
      return;
    }
    const { uplink } = this.#options;
    const isDone = flow === undefined ? this.#begin(local, remote, bytes) : uplink.sip(flow.flow, bytes);
    if (isDone) return;
    if (!uplink.isUp) this.#isQueueing = false;
    if (what === 'request') this.#refuse(local, remote, bytes);
  }

  /** The first message of a new path. False when the sender is to be told that nobody is here. */
  #begin(local: HostPort, remote: HostPort, bytes: Buffer): boolean {
    const { uplink, clock } = this.#options;
    if (uplink.isUp) this.#isQueueing = true;
    if (!this.#mayBegin(local, remote)) return true;
    if (this.#isDraining || !this.#isQueueing) return false;
    const flow = this.#table.add(local, remote, clock.now());
    uplink.control({ type: 'flow.open', ...toOpening(flow) });
    if (uplink.sip(flow.flow, bytes)) return true;
    this.#table.close(flow);
    return false;
  }

  #mayBegin(local: HostPort, remote: HostPort): boolean {
    // A packet from one of our own sockets is forged, and answering it would be a loop.
    if (whyNotTo(local.address, remote) !== undefined || this.#options.isOurSocket(remote)) {
      this.counters.impossibleSources++;
      return false;
    }
    if (this.#buckets.take(remote.address)) return true;
    // An honest phone sends again (RFC 3261 timers A and E); a flood is given no echo.
    this.counters.overRate++;
    return false;
  }

  #refuse(local: HostPort, remote: HostPort, bytes: Buffer): void {
    // Spread, so that the phones of an office do not come back all at once.
    const answer = answerUnavailable(bytes, remote, 10 + Math.floor(this.#random() * 20));
    if (answer === undefined) return;
    this.counters.unavailable++;
    this.#transmit(local, remote, answer);
  }

  // --- from the tunnel -------------------------------------------------------

  send(number: number, bytes: Uint8Array): void {
    const flow = this.#table.get(number);
    if (flow === undefined) {
      this.counters.unknownFlows++;
      return;
    }
    this.#table.touch(flow, this.#options.clock.now());
    if (!flow.isRegistered && isRegistered(bytes)) this.#table.markRegistered(flow);
    this.#transmit(flow.local, flow.remote, bytes);
  }

  openFlow(opening: FlowOpening): void {
    const { clock, log, uplink } = this.#options;
    const local = { ...opening.local, address: toCanonical(opening.local.address) };
    const remote = { ...opening.remote, address: toCanonical(opening.remote.address) };
    const why = this.#whyNotOpen(opening, local, remote);
    if (why === undefined) {
      this.#table.add(local, remote, clock.now(), opening.flow);
      return;
    }
    log.warn({ flow: opening.flow, remote: formatHostPort(remote), why }, 'flow refused');
    uplink.control({ type: 'flow.close', flow: opening.flow });
  }

  closeFlow(number: number): void {
    const flow = this.#table.get(number);
    if (flow !== undefined) this.#table.remove(flow);
  }

  #whyNotOpen({ flow, transport }: FlowOpening, local: HostPort, remote: HostPort): string | undefined {
    const { isOurSocket } = this.#options;
    if (flow % 2 !== 0) return 'an odd number is ours';
    if (transport !== 'udp') return 'no such transport';
    if (!isOurSocket(local)) return 'no such socket';
    if (isOurSocket(remote)) return 'our own socket';
    return whyNotTo(local.address, remote);
  }

  // --- both ------------------------------------------------------------------

  /** Takes no new flows from now on. */
  drain(): void {
    this.#isDraining = true;
  }

  close(): void {
    this.#isDraining = true;
    this.#cancelSweep();
  }

  #transmit(local: HostPort, remote: HostPort, bytes: Uint8Array): void {
    this.counters[this.#options.transmit(local, remote, bytes) ? 'sent' : 'sendFailures']++;
  }

  #tellClosed({ flow }: Flow): void {
    this.counters.flowsClosed++;
    this.#options.uplink.control({ type: 'flow.close', flow });
  }

  #sweep(): void {
    const { clock } = this.#options;
    this.#table.closeIdle(clock.now());
    this.#cancelSweep = clock.after(sweepMs, () => this.#sweep());
  }
}

const toOpening = ({ flow, transport, local, remote }: Flow): FlowOpening => ({
  flow,
  transport,
  local,
  remote,
});
