/**
 * RTP ports lent to the controller: it opens a stream by number, is told the
 * port that phones of that call send to, and from then on packets go up and
 * down under that number.
 *
 *     controller                      agent
 *       media.open                →     binds a pair
 *                                 ←   media.opened, or media.failed with the reason
 *       media.remote              →     the phone said its port, or moved (re-INVITE); `join` as below
 *       media.close               →     the pair is closed, its port rests
 *                                 ←   media.report, of joined streams, every five seconds
 *
 * Two streams may be joined: then the packets of one's phone go to the other's
 * without the controller, so that a call within a site stays within it.
 *
 * A remote must be a phone: the remote address of a flow there is, at an
 * unprivileged port. So neither a phone's SDP nor a controller gone wrong makes
 * the agent send to anything else on the LAN.
 */

import type { Socket } from 'node:dgram';
import { whyNotTo } from '#agent/target.ts';
import type { AgentTunnel, Log } from '#agent/tunnel.ts';
import { type HostPort, toCanonical } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { createPortPool, type PortRange } from '#protocol/media/port-pool.ts';
import { Reception } from '#protocol/media/reception.ts';
import { isRtcp } from '#protocol/media/rtcp.ts';
import { Stream, type StreamTerms, type Verdict, type Way } from '#protocol/media/stream.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';
import { openPair, type Pair } from './pair.ts';

export type MediaPortsOptions = {
  /** The agent's own addresses: a stream is opened on one of these. */
  addresses: readonly string[];
  /** Undefined: the kernel chooses the pairs. */
  range: PortRange | undefined;
  /** Whether a flow's remote has this address. */
  isPhone(address: string): boolean;
  uplink: Pick<AgentTunnel, 'control' | 'rtp'>;
  clock: Clock;
  log: Log;
  random?: () => number;
  maxStreams?: number;
  idleMs?: number;
  restMs?: number;
};

const counterNames = [
  'toController',
  'toPhone',
  'joined',
  'foreign',
  'tooLong',
  'notRtp',
  'overRate',
  'noTarget',
  'unknownStreams',
  'sendFailures',
  'opened',
  'failed',
] as const;

export type MediaCounters = Record<(typeof counterNames)[number], number>;

type Remote = Extract<ControlMessage, { type: 'media.remote' }>;
type MediaControl = Extract<ControlMessage, { type: 'media.open' | 'media.remote' | 'media.close' }>;

export type AgentMedia = {
  readonly counters: Readonly<MediaCounters>;
  readonly size: number;
  control(message: MediaControl): void;
  /** From the tunnel, to the stream's phone. */
  send(stream: number, packet: Uint8Array): void;
  /** The controller knows nothing of before. */
  closeAll(): void;
  close(): Promise<void>;
};

type Lent = {
  stream: Stream;
  local: string;
  pair: Pair | undefined;
  isClosed: boolean;
  /** The stream whose phone gets this one's packets. */
  join: number | undefined;
  heard: Reception;
};

const reportMs = 5_000;

const sweepMs = 60_000;
const lowestRemotePort = 1_024;
/** The port of a phone that has not said it yet. */
const unsaid = 0;

export function openMediaPorts({
  addresses,
  range,
  isPhone,
  uplink,
  clock,
  log,
  random = Math.random,
  maxStreams = 400,
  idleMs = 3_600_000,
  restMs = 5_000,
}: MediaPortsOptions): AgentMedia {
  const counters = Object.fromEntries(counterNames.map((name) => [name, 0])) as MediaCounters;
  const pool = range && createPortPool({ range, clock, random, restMs });
  const lent = new Map<number, Lent>();
  const binding = new Set<Promise<void>>();
  const counted = (error: Error | null) => {
    if (error !== null) counters.sendFailures++;
  };

  function whyNot(local: string, remote: HostPort): string | undefined {
    if (remote.port !== unsaid && remote.port < lowestRemotePort) return 'a privileged port';
    if (!isPhone(remote.address)) return 'no phone is at this address';
    for (const each of lent.values()) {
      if (each.local === remote.address && Math.abs((each.pair?.port ?? -9) - remote.port) <= 1) {
        return 'our own port';
      }
    }
    return whyNotTo(local, remote.port === unsaid ? { ...remote, port: lowestRemotePort } : remote);
  }

  async function open(number: number, local: string, remote: HostPort, terms: StreamTerms): Promise<void> {
    const why = whyNotOpen(number, local, remote);
    if (why !== undefined) return fail(number, why);
    const stream = new Stream(remote, clock, terms);
    const heard = new Reception();
    const mine: Lent = { stream, local, pair: undefined, isClosed: false, join: undefined, heard };
    lent.set(number, mine);
    try {
      mine.pair = await openPair(local, pool);
    } catch (err) {
      if (lent.get(number) === mine) lent.delete(number);
      log.warn({ err, stream: number }, 'no RTP port');
      fail(number, 'no RTP port is free');
      return;
    }
    // Closed meanwhile: by the controller, or with everything else.
    if (mine.isClosed) return mine.pair.close();
    listen(number, mine, mine.pair);
    counters.opened++;
    uplink.control({ type: 'media.opened', stream: number, local: { address: local, port: mine.pair.port } });
  }

  const whyNotMove = (local: string, remote: HostPort) =>
    remote.port === unsaid ? 'port 0' : whyNot(local, remote);

  function whyNotOpen(number: number, local: string, remote: HostPort): string | undefined {
    if (lent.has(number)) return 'the stream is open';
    if (lent.size >= maxStreams) return 'as many streams are open as may be';
    if (!addresses.includes(local)) return 'not an address of this agent';
    return whyNot(local, remote);
  }

  function listen(number: number, mine: Lent, { rtp, rtcp }: Pair): void {
    const take = (way: Way) => (packet: Uint8Array, from: HostPort) => {
      const verdict = mine.stream.fromPhone(packet, from.address, from.port, way);
      count(verdict, mine.join === undefined ? 'toController' : 'joined');
      if (verdict !== 'pass') return;
      if (mine.join === undefined) uplink.rtp(number, packet);
      else cross(mine, mine.join, packet);
    };
    const sockets: [Socket, Way][] = [
      [rtp, 'rtp'],
      [rtcp, 'rtcp'],
    ];
    for (const [socket, way] of sockets) {
      socket.on('message', take(way));
      socket.on('error', (err) => log.warn({ err, stream: number }, 'RTP socket failed'));
    }
  }

  function cross({ heard }: Lent, to: number, packet: Uint8Array): void {
    if (!isRtcp(packet)) heard.receive(packet, clock.now());
    send(to, packet);
  }

  function count(verdict: Verdict, passed: 'toController' | 'toPhone' | 'joined'): void {
    counters[verdict === 'pass' ? passed : verdict]++;
  }

  function send(number: number, packet: Uint8Array): void {
    const mine = lent.get(number);
    if (mine?.pair === undefined) {
      counters.unknownStreams++;
      return;
    }
    const verdict = mine.stream.toPhone(packet);
    count(verdict, 'toPhone');
    if (verdict !== 'pass') return;
    const { way, target } = mine.stream.targetOf(packet);
    mine.pair[way].send(packet, target.port, target.address, counted);
  }

  function fail(stream: number, reason: string): void {
    counters.failed++;
    uplink.control({ type: 'media.failed', stream, reason });
  }

  function retarget(number: number, remote: HostPort, { rtcpPort, join }: Remote): void {
    const mine = lent.get(number);
    if (mine === undefined) return;
    // Joined before the phone has answered: then it stays as it is.
    const isUnsaid = remote.port === unsaid && join !== undefined;
    const why = isUnsaid ? undefined : whyNotMove(mine.local, remote);
    if (why === undefined) {
      if (!isUnsaid) mine.stream.retarget(remote, rtcpPort);
      mine.join = join;
    } else {
      end(number);
      fail(number, why);
    }
  }

  function end(number: number): void {
    const mine = lent.get(number);
    if (mine === undefined) return;
    lent.delete(number);
    mine.isClosed = true;
    mine.pair?.close();
  }

  function closeAll(): void {
    for (const number of [...lent.keys()]) end(number);
  }

  let cancelSweep = clock.after(sweepMs, sweep);
  function sweep(): void {
    for (const [number, { stream }] of lent) {
      if (clock.now() - stream.usedAt < idleMs) continue;
      end(number);
      fail(number, 'no packet for too long');
    }
    cancelSweep = clock.after(sweepMs, sweep);
  }

  let cancelReport = clock.after(reportMs, report);
  function report(): void {
    for (const [stream, { join, heard }] of lent) {
      if (join !== undefined) uplink.control({ type: 'media.report', stream, ...heard.report });
    }
    cancelReport = clock.after(reportMs, report);
  }

  return {
    counters,
    get size() {
      return lent.size;
    },
    control(message) {
      if (message.type === 'media.close') return end(message.stream);
      const remote = { ...message.remote, address: toCanonical(message.remote.address) };
      if (message.type === 'media.remote') return retarget(message.stream, remote, message);
      const opening = open(message.stream, toCanonical(message.local), remote, message);
      binding.add(opening);
      void opening.finally(() => binding.delete(opening));
    },
    send,
    closeAll,
    async close() {
      cancelSweep();
      cancelReport();
      closeAll();
      await Promise.all(binding);
    },
  };
}
