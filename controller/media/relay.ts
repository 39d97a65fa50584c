/**
 * The media of one branch of a call that does not go from phone to phone: for
 * each `m=` line a stream at either end, the SDP of each side rewritten for the
 * other, and packets handed from one to the other.
 *
 *     caller's phone ─ agent ─ line.streams[0] ⇄ line.streams[1] ─ agent ─ callee's phone
 *                              faces the caller   faces the callee
 *
 * An offer opens both streams, the far one before its phone has said a port,
 * so that an answer never waits. Where both ends have one agent, it joins the
 * two and packets do not come here. Nothing on a packet's way is copied or
 * waited for.
 */

import type { MediaEnd, MediaPorts, MediaStream } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { createBucket } from '#protocol/media/bucket.ts';
import {
  formatSdpBody,
  type MediaLine,
  readdress,
  readMediaLines,
  readSdpBody,
} from '#protocol/media/readdress.ts';
import { Traffic, type TrafficReport } from './traffic.ts';

/** Which end: 0 the caller, 1 the callee. */
export type SideNumber = 0 | 1;

type Line = {
  kind: string;
  streams: readonly [MediaStream, MediaStream];
  /** What each side said last. */
  said: [MediaLine | undefined, MediaLine | undefined];
  /** What each stream was told of its phone. */
  told: [string, string];
  /** What each side sent. */
  traffic: readonly [Traffic, Traffic];
  isJoined: boolean;
  isLost: boolean;
};

export type LineReport = {
  kind: string;
  from: SideNumber;
  isLost: boolean;
} & TrafficReport;

export type RelayOptions = {
  ends: readonly [MediaEnd, MediaEnd];
  ports: MediaPorts;
  clock: Clock;
  /** A stream's agent is gone: its media is over until the next offer. */
  onLost(): void;
};

/** A desk phone has audio, perhaps video, perhaps a fax. */
const maxLines = 4;
const lowestPort = 1_024;
const videoPerSecond = 2_000;
/** More than an agent lets through of one phone. */
const voicePerSecond = 500;
/** An agent reports of joined streams every five seconds. */
const joinedExtraMs = 6_000;

export class Relay {
  readonly #options: RelayOptions;
  /** By `keyOf`. */
  readonly #lines = new Map<string, Line>();
  #opening: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** While it lasts, whatever follows has to wait behind it. */
  get opening(): Promise<void> | undefined {
    return this.#opening;
  }

  get isJoined(): boolean {
    return [...this.#lines.values()].some(({ isJoined }) => isJoined);
  }

  get size(): number {
    return this.#lines.size;
  }

  /**
   * The body as the other side shall get it; a promise of it when streams have to be opened first.
   * Throws (rejects) `sdp.malformed`, and what MediaPorts.open does.
   */
  pass(from: SideNumber, body: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const sdp = readSdpBody(body);
    const said = readMediaLines(sdp);
    check(said);
    const settle = () => {
      said.forEach((line, index) => {
        if (line !== undefined) this.#hear(from, index, line);
        else if (sdp.media[index]?.port === 0) this.#closeLine(index);
      });
      return formatSdpBody(readdress(sdp, this.#addresses(from === 0 ? 1 : 0, said)));
    };
    const missing = said.flatMap((line, index) =>
      line && this.#needs(index, line) ? [{ line, index }] : [],
    );
    if (missing.length === 0 && this.#opening === undefined) return settle();
    return this.#openAll(from, missing).then(settle);
  }

  #openAll(from: SideNumber, missing: readonly { line: MediaLine; index: number }[]): Promise<void> {
    const opened = (this.#opening ?? Promise.resolve()).then(async () => {
      await Promise.all(missing.map(({ line, index }) => this.#open(from, index, line)));
    });
    const over = opened
      .catch(() => undefined) // said to who asked
      .then(() => {
        if (this.#opening === over) this.#opening = undefined;
      });
    this.#opening = over;
    return opened;
  }

  /** When the last RTP came, of either side. */
  get lastAt(): number {
    return Math.max(0, ...[...this.#lines.values()].flatMap(({ traffic }) => traffic.map((t) => t.lastAt)));
  }

  /** Who has become silent and should not be; while a call rings, all may. */
  newlySilent({ isUp, afterMs }: { isUp: boolean; afterMs: number }): { kind: string; from: SideNumber }[] {
    const found: { kind: string; from: SideNumber }[] = [];
    for (const { kind, traffic, said, isJoined } of this.#lines.values()) {
      for (const from of [0, 1] as const) {
        const [speaker, listener] = [said[from], said[from === 0 ? 1 : 0]];
        // Who holds the other and so only sends need not: most phones have no music.
        const isTalking = speaker?.sends === true && speaker.receives && listener?.receives === true;
        const isRight = !isUp || speaker?.carries !== 'rtp' || !isTalking;
        const patience = afterMs + (isJoined ? joinedExtraMs : 0);
        if (traffic[from].isNewlySilent(isRight, patience)) found.push({ kind, from });
      }
    }
    return found;
  }

  reports(): LineReport[] {
    return [...this.#lines.values()].flatMap(({ kind, traffic, isLost }) =>
      ([0, 1] as const).map((from) => ({ kind, from, isLost, ...traffic[from].report })),
    );
  }

  close(): void {
    this.#isClosed = true;
    for (const { streams } of this.#lines.values()) for (const stream of streams) stream.close();
  }

  // --- lines ---------------------------------------------------------------------

  #needs(index: number, line: MediaLine): boolean {
    return this.#lines.get(keyOf(index, line))?.isLost !== false;
  }

  async #open(from: SideNumber, index: number, line: MediaLine): Promise<void> {
    if (!this.#needs(index, line)) return; // by the message before
    const { ends, ports, clock, onLost } = this.#options;
    const key = keyOf(index, line);
    const terms = {
      ...(line.carries === 'datagram' && { carries: line.carries }),
      ...(line.kind === 'video' && { packetsPerSecond: videoPerSecond }),
    };
    const openings = ([0, 1] as const).map((side) => {
      const port = side === from ? line.port : 0;
      return ports.open(ends[side].flow, { address: ends[side].flow.remote.address, port }, terms);
    });
    const streams = await both(openings);
    if (this.#isClosed) {
      for (const stream of streams) stream.close();
      throw new Fault('unavailable', 'the call is over');
    }
    const rateOf = (type: number) => mine.said[0]?.rates.get(type) ?? mine.said[1]?.rates.get(type) ?? 8_000;
    const traffic = [new Traffic(clock, rateOf), new Traffic(clock, rateOf)] as const;
    const mine: Line = {
      kind: line.kind,
      streams,
      said: [undefined, undefined],
      told: ['', ''],
      traffic: this.#lines.get(key)?.traffic ?? traffic,
      isJoined: ends[0].flow.agent === ends[1].flow.agent && streams[0].join(streams[1]),
      isLost: false,
    };
    this.#lines.set(key, mine);
    connect(mine, 0, 1, clock);
    connect(mine, 1, 0, clock);
    for (const stream of streams) {
      stream.onLost = () => {
        if (mine.isLost || this.#isClosed) return;
        mine.isLost = true;
        for (const each of streams) each.close();
        onLost();
      };
    }
  }

  #closeLine(index: number): void {
    for (const carries of allCarried) {
      const line = this.#lines.get(keyOf(index, { carries }));
      if (line === undefined || line.isLost) continue;
      line.isLost = true;
      line.said = [undefined, undefined];
      for (const stream of line.streams) stream.close();
    }
  }

  #hear(from: SideNumber, index: number, said: MediaLine): void {
    const line = this.#lines.get(keyOf(index, said));
    if (line === undefined || line.isLost) return;
    for (const carries of allCarried) {
      if (carries !== said.carries) forget(this.#lines.get(keyOf(index, { carries })));
    }
    line.said[from] = said;
    for (const side of [0, 1] as const) this.#tell(line, side);
  }

  /** The stream that faces `side` is told where its phone is, if that is new. */
  #tell(line: Line, side: SideNumber): void {
    const said = line.said[side];
    if (said === undefined) return;
    const { port } = said;
    const rtcpPort = rtcpPortOf(line, said);
    const { flow, namesItsMedia } = this.#options.ends[side];
    // To the phone that has the flow, whatever address its SDP names.
    const address = (namesItsMedia && said.address) ?? flow.remote.address;
    const telling = `${address} ${port} ${rtcpPort}`;
    if (line.told[side] === telling) return;
    line.told[side] = telling;
    line.streams[side].retarget({ address, port }, rtcpPort);
  }

  /** What `side` is told: the addresses of the streams that face it. */
  #addresses(side: SideNumber, said: readonly (MediaLine | undefined)[]) {
    const portAt = (index: number) => {
      const line = said[index] && this.#lines.get(keyOf(index, said[index]));
      return line?.isLost === false ? line.streams[side].local.port : undefined;
    };
    const [line] = this.#lines.values();
    const { local } = this.#options.ends[side].flow;
    return { address: line?.streams[side].local.address ?? local.address, portAt };
  }
}

/** A voice call that becomes a fax keeps the streams of its voice: the fax may be refused. */
const keyOf = (index: number, { carries }: Pick<MediaLine, 'carries'>) => `${index} ${carries}`;

const allCarried = ['rtp', 'datagram'] as const;

function check(said: readonly (MediaLine | undefined)[]): void {
  const lines = said.filter((line) => line !== undefined);
  if (lines.length > maxLines) throw new Fault('sdp.malformed', `over ${maxLines} media`);
  if (lines.some(({ port }) => port < lowestPort)) {
    throw new Fault('sdp.malformed', `media at a port below ${lowestPort}`);
  }
}

/** RTP and RTCP share a port where both sides say so, and not before. */
function rtcpPortOf({ said }: Line, { port, rtcpPort }: MediaLine): number | undefined {
  if (said.every((each) => each?.isMuxed === true)) return port;
  return rtcpPort === port ? undefined : rtcpPort;
}

/** Nothing is expected there now. */
function forget(line: Line | undefined): void {
  if (line !== undefined) line.said = [undefined, undefined];
}

/** From one phone to the other. */
function connect({ kind, streams, traffic }: Line, from: SideNumber, to: SideNumber, clock: Clock): void {
  const [source, target] = [streams[from], streams[to]];
  const [sent, answered] = [traffic[from], traffic[to]];
  // Its agent has a bound of its own; one that keeps none does not fill the other site's tunnel.
  const mayPass = createBucket(clock, kind === 'video' ? 2 * videoPerSecond : voicePerSecond);
  source.onPacket = (packet) => {
    if (!mayPass()) return sent.dropped();
    target.send(packet);
    sent.rtp(packet);
  };
  source.onRtcp = (packet) => {
    if (!mayPass()) return sent.dropped();
    target.send(packet);
    sent.rtcp();
    answered.answered(packet);
  };
  source.onReport = (report) => sent.reported(report);
}

/** Both, or none. */
async function both(openings: Promise<MediaStream>[]): Promise<[MediaStream, MediaStream]> {
  const done = await Promise.allSettled(openings);
  const opened = done.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const [first, second] = opened;
  if (first !== undefined && second !== undefined) return [first, second];
  for (const stream of opened) stream.close();
  throw done.find((each) => each.status === 'rejected')?.reason;
}
