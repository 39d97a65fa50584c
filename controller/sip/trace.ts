/**
 * A SIP trace on demand: for some minutes the last messages to and from phones
 * and upstreams are kept in memory, and may be sent to Homer as they pass.
 *
 *     sip core ── note ──┬─ ring ── GET /trace/messages, /trace/pcap
 *                        └─ HEP ─── Homer
 *
 * Off it costs a look at a flag. What can be guessed from is masked before it is
 * kept: the digest's response, and digits that come by INFO, for they are PINs.
 */

import { createSocket } from 'node:dgram';
import type { Trace, Traced, TraceStart } from '#controller/model/ports.ts';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { formatHep } from './hep.ts';
import { formatPcap } from './pcap.ts';
import type { Peer } from './peer.ts';

export type SipTrace = Trace & {
  note(direction: Traced['direction'], peer: Peer, bytes: Uint8Array): void;
  close(): void;
};

const maxMessages = 5_000;
const maxBytes = 16 << 20;

type Running = TraceStart & { until: number; homer: Homer | undefined; cancel(): void };

export function createTrace({ clock }: { clock: Clock }): SipTrace {
  let kept: Traced[] = [];
  let bytesKept = 0;
  let dropped = 0;
  let running: Running | undefined;

  function stop(): void {
    running?.cancel();
    running?.homer?.close();
    running = undefined;
  }

  function keep(message: Traced): void {
    kept.push(message);
    bytesKept += message.bytes.length;
    while (kept.length > maxMessages || bytesKept > maxBytes) {
      bytesKept -= kept.shift()?.bytes.length ?? 0;
      dropped++;
    }
  }

  return {
    start(start) {
      stop();
      kept = [];
      bytesKept = dropped = 0;
      const ms = start.minutes * 60_000;
      const homer = start.hep && openHomer(start.hep);
      running = { ...start, until: clock.wall() + ms, homer, cancel: clock.after(ms, stop) };
    },
    stop,
    status: () => ({
      ...(running && { until: running.until }),
      ...(running?.contains !== undefined && { contains: running.contains }),
      messages: kept.length,
      dropped,
    }),
    messages: () => kept,
    capture: () => formatPcap(kept),
    note(direction, peer, bytes) {
      if (running === undefined || peer.type === 'ivr') return;
      const shown = masked(bytes);
      // Not in what is masked: who asks for one digit after the other would read a PIN.
      if (running.contains !== undefined && !shown.includes(running.contains)) return;
      const message = { at: clock.wall(), direction, ...placeOf(peer), bytes: shown };
      keep(message);
      running.homer?.send(message);
    },
    close: stop,
  };
}

function placeOf(peer: Exclude<Peer, { type: 'ivr' }>): Omit<Traced, 'at' | 'direction' | 'bytes'> {
  const by = peer.type === 'flow' ? peer.flow.agent : peer.upstream;
  const { transport, local, remote } = peer.type === 'flow' ? peer.flow : peer;
  return { by, transport, local, remote };
}

/** Of the same length, so that every Content-Length stays true. */
function masked(bytes: Uint8Array): Buffer {
  const text = Buffer.from(bytes).toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  const cover = (part: string) => 'x'.repeat(part.length);
  const shown = head.replace(/^(?:Proxy-)?Authorization[ \t]*:.*(?:\r\n[ \t].*)*/gim, (line) =>
    line.replace(/(\bresponse[ \t]*=[ \t]*"?)([0-9a-f]+)/gi, (_, name, value) => name + cover(value)),
  );
  const body = text.slice(head.length);
  const isInfo = /^CSeq[ \t]*:\s*\d+\s+INFO\b/im.test(head); // it may be folded
  return Buffer.from(shown + (isInfo ? body.replace(/[0-9A-D*#]/g, 'x') : body), 'latin1');
}

type Homer = { send(message: Traced): void; close(): void };

/** Datagrams to nobody are nobody's loss: what Homer misses is in the ring. */
function openHomer({ address, port }: HostPort): Homer {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => {});
  socket.unref();
  return {
    send: (message) => socket.send(formatHep(message), port, address, () => {}),
    close: () => socket.close(),
  };
}
