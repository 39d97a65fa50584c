/**
 * RTP ports of the controller's own, towards a PBX or a trunk: the side of a
 * call that no agent carries. A stream is open before its remote is known (our
 * offer names the port first); until then nothing comes in and nothing goes out.
 *
 * Who may send is who the far side's SDP names, RTP and RTCP each from that
 * address alone; its port is learned once (protocol/media/stream.ts).
 */

import type { Logger } from 'pino';
import { type MediaPorts, type MediaStream, noAgent } from '#controller/model/ports.ts';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { createPortPool, type PortRange } from '#protocol/media/port-pool.ts';
import { isRtcp } from '#protocol/media/rtcp.ts';
import { Stream, type Way } from '#protocol/media/stream.ts';
import { openPair, type Pair } from './pair.ts';

export type LocalStream = MediaStream & {
  /** RTCP, from the signalled address only. */
  onRtcp: (packet: Uint8Array) => void;
};

export type LocalPorts = {
  readonly counters: Readonly<LocalCounters>;
  readonly size: number;
  /** On one of the machine's own addresses. Rejects with `limit.reached` or `unavailable`. */
  open(local: string, remote?: HostPort): Promise<LocalStream>;
  close(): void;
};

export type LocalPortsOptions = {
  /** Undefined: the kernel chooses the pairs. */
  range?: PortRange | undefined;
  clock: Clock;
  log: Logger;
  random?: () => number;
  maxStreams?: number;
};

const counterNames = [
  'received',
  'sent',
  'receivedRtcp',
  'sentRtcp',
  'foreign',
  'tooLong',
  'notRtp',
  'overRate',
  'noTarget',
  'sendFailures',
] as const;

export type LocalCounters = Record<(typeof counterNames)[number], number>;

export function createLocalPorts({
  range,
  clock,
  log,
  random = Math.random,
  maxStreams = 1_000,
}: LocalPortsOptions): LocalPorts {
  const counters = Object.fromEntries(counterNames.map((name) => [name, 0])) as LocalCounters;
  const pool = range && createPortPool({ range, clock, random });
  const open = new Set<LocalStream>();

  const counted = (error: Error | null) => {
    if (error !== null) counters.sendFailures++;
  };

  async function bindPair(local: string): Promise<Pair> {
    try {
      return await openPair(local, pool);
    } catch (cause) {
      if (Fault.is(cause)) throw cause;
      throw new Fault('unavailable', `no RTP port on ${local}`, { address: local }, { cause });
    }
  }

  function streamOver(pair: Pair, local: HostPort, remote: HostPort | undefined): LocalStream {
    let far = remote && new Stream(remote, clock);

    const stream: LocalStream = {
      local,
      onPacket: () => undefined,
      onRtcp: () => undefined,
      retarget(to, rtcpPort) {
        if (far === undefined) far = new Stream(to, clock, { rtcpPort });
        else far.retarget(to, rtcpPort);
      },
      join: () => false,
      send(packet) {
        if (far === undefined || !open.has(stream)) return;
        const verdict = far.toPhone(packet);
        if (verdict !== 'pass') {
          counters[verdict]++;
          return;
        }
        const { way, target } = far.targetOf(packet);
        counters[way === 'rtp' ? 'sent' : 'sentRtcp']++;
        pair[way].send(packet, target.port, target.address, counted);
      },
      close() {
        open.delete(stream);
        pair.close();
      },
    };

    const hear = (packet: Uint8Array, { address, port }: HostPort, way: Way) =>
      far === undefined ? 'foreign' : far.fromPhone(packet, address, port, way);
    const pass = (packet: Uint8Array) => {
      if (isRtcp(packet)) {
        counters.receivedRtcp++;
        stream.onRtcp(packet);
      } else {
        counters.received++;
        stream.onPacket(packet);
      }
    };
    const take = (way: Way) => (packet: Uint8Array, from: HostPort) => {
      const verdict = hear(packet, from, way);
      if (verdict === 'pass') pass(packet);
      else counters[verdict]++;
    };
    pair.rtp.on('message', take('rtp'));
    pair.rtcp.on('message', take('rtcp'));
    for (const socket of [pair.rtp, pair.rtcp]) {
      socket.on('error', (err) => log.warn({ err, port: local.port }, 'RTP socket failed'));
    }
    return stream;
  }

  return {
    counters,
    get size() {
      return open.size;
    },
    async open(address, remote) {
      if (open.size >= maxStreams) throw new Fault('limit.reached', 'as many streams are open as may be');
      const pair = await bindPair(address);
      const stream = streamOver(pair, { address, port: pair.port }, remote);
      open.add(stream);
      return stream;
    },
    close() {
      for (const stream of [...open]) stream.close();
    },
  };
}

/** Where an agent carries the flow, its ports; on a way of our own, ours. */
export const withOwnPorts = (agents: MediaPorts, own: LocalPorts): MediaPorts => ({
  open: (flow, remote, terms) =>
    flow.agent === noAgent
      ? own.open(flow.local.address, remote.port === 0 ? undefined : remote)
      : agents.open(flow, remote, terms),
});
