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
 *
 * A connection (TCP, TLS) is its flow: what is dropped here ends it, and when it
 * ends the flow is closed. No connection is ever made to a phone.
 */

import { createBuckets } from '#agent/buckets.ts';
import { whyNotTo } from '#agent/target.ts';
import type { AgentTunnel, Log } from '#agent/tunnel.ts';
import { formatHostPort, type HostPort, toCanonical } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { FlowOpening } from '#protocol/tunnel/control.ts';
import { type Flow, FlowTable, type Path, pathOf } from './flows.ts';
import { isRegistered, sniff } from './sniff.ts';
import { answerUnavailable } from './unavailable.ts';

export type SipRelayOptions = {
  uplink: Pick<AgentTunnel, 'isUp' | 'control' | 'sip'>;
  /** Sends from the socket at `local`, or over the connection; false when there is none. */
  transmit(path: Path, bytes: Uint8Array): boolean;
  /** Ends the connection that is the path, if it is one. */
  hangUp(path: Path): void;
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
  // Of connections: too many; no TLS, or no certificate yet; out of frame; half a message; unread answers; mute.
  'connectionsRefused',
  'handshakesFailed',
  'streamsBroken',
  'streamsLate',
  'slowReaders',
  'muteConnections',
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
    this.#table = new FlowTable({ maxFlows, idleMs, onClose: (flow) => this.#giveUp(flow) });
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

  receive(path: Path, bytes: Buffer): void {
    this.counters.received++;
    const flow = this.#table.find(pathOf(path));
    const what = sniff(bytes);
    if (what === 'junk') {
      this.counters.junk++;
      this.#options.hangUp(path);
      return;
    }
    if (flow !== undefined) this.#table.touch(flow, this.#options.clock.now());
    if (what === 'keepAlive') {
      this.counters.keepAlives++;
      return;
    }
    const { uplink } = this.#options;
    const isDone = flow === undefined ? this.#begin(path, bytes) : uplink.sip(flow.flow, bytes);
    if (isDone) return;
    if (!uplink.isUp) this.#isQueueing = false;
    if (what === 'request') this.#refuse(path, bytes);
  }

  /** The connection is no more. */
  ended(path: Path): void {
    const flow = this.#table.find(pathOf(path));
    if (flow !== undefined) this.#table.close(flow);
  }

  /** The controller accepted a REGISTER over it. */
  isRegistered(path: Path): boolean {
    return this.#table.find(pathOf(path))?.isRegistered === true;
  }

  /** Why nobody may come from there; undefined when they may. */
  whyNotFrom({ transport, local, remote }: Path): string | undefined {
    const isOurs = transport === 'udp' && this.#options.isOurSocket(remote);
    return isOurs ? 'our own socket' : whyNotTo(local.address, remote);
  }

  /** The first message of a new path. False when the sender is to be told that nobody is here. */
  #begin(path: Path, bytes: Buffer): boolean {
    const { uplink, clock } = this.#options;
    if (uplink.isUp) this.#isQueueing = true;
    if (!this.#mayBegin(path)) return true;
    if (this.#isDraining || !this.#isQueueing) return false;
    const flow = this.#table.add(path, clock.now());
    uplink.control({ type: 'flow.open', ...toOpening(flow) });
    if (uplink.sip(flow.flow, bytes)) return true;
    // Forgotten, not closed: the answer goes over the connection.
    this.#table.remove(flow);
    this.#tellClosed(flow);
    return false;
  }

  #mayBegin(path: Path): boolean {
    // A packet from one of our own sockets is forged, and answering it would be a loop.
    if (this.whyNotFrom(path) !== undefined) {
      this.counters.impossibleSources++;
      return false;
    }
    if (this.#buckets.take(path.remote.address)) return true;
    // An honest phone sends again (RFC 3261 timers A and E), or connects again; a flood is given no echo.
    this.counters.overRate++;
    this.#options.hangUp(path);
    return false;
  }

  #refuse(path: Path, bytes: Buffer): void {
    // Spread, so that the phones of an office do not come back all at once.
    const answer = answerUnavailable(bytes, path.remote, 10 + Math.floor(this.#random() * 20));
    if (answer === undefined) return;
    this.counters.unavailable++;
    this.#transmit(path, answer);
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
    this.#transmit(flow, bytes);
  }

  openFlow(opening: FlowOpening): void {
    const { clock, log, uplink } = this.#options;
    const local = { ...opening.local, address: toCanonical(opening.local.address) };
    const remote = { ...opening.remote, address: toCanonical(opening.remote.address) };
    const why = this.#whyNotOpen(opening, local, remote);
    if (why === undefined) {
      this.#table.add({ transport: 'udp', local, remote }, clock.now(), opening.flow);
      return;
    }
    log.warn({ flow: opening.flow, remote: formatHostPort(remote), why }, 'flow refused');
    uplink.control({ type: 'flow.close', flow: opening.flow });
  }

  closeFlow(number: number): void {
    const flow = this.#table.get(number);
    if (flow === undefined) return;
    this.#table.remove(flow);
    this.#options.hangUp(flow);
  }

  #whyNotOpen({ flow, transport }: FlowOpening, local: HostPort, remote: HostPort): string | undefined {
    if (flow % 2 !== 0) return 'an odd number is ours';
    if (transport !== 'udp') return 'no such transport';
    if (!this.#options.isOurSocket(local)) return 'no such socket';
    return this.whyNotFrom({ transport, local, remote });
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

  #transmit(path: Path, bytes: Uint8Array): void {
    this.counters[this.#options.transmit(path, bytes) ? 'sent' : 'sendFailures']++;
  }

  #giveUp(flow: Flow): void {
    this.#tellClosed(flow);
    this.#options.hangUp(flow);
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
