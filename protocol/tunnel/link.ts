/**
 * Link: one end of a tunnel's socket, and of the sockets that follow it when it
 * breaks. Agent and controller run the same.
 *
 *     state      event                        then
 *     down       connect                      greeting: our hello is sent, theirs is awaited
 *     greeting   hello, both know each other  up(fresh: false): what was not acknowledged is sent again
 *     greeting   hello, either is new         up(fresh: true): counting starts over; the owner gets what
 *                                             was not acknowledged and sends what still means something
 *     up         nothing heard for `deadMs`   down
 *     any        broken contract, closed      down
 *     down       for `gapMs`                  gone: a new epoch, what waited is dropped, sending answers false
 *
 * What one turn of the event loop sends leaves as one message. Control and SIP
 * arrive once and in order while both ends live; HTTP and RTP only while the
 * socket does.
 */

import { randomBytes } from 'node:crypto';
import type { Clock } from '#protocol/clock.ts';
import { Fault, type FaultCode } from '#protocol/fault.ts';
import { Acknowledging } from './acknowledging.ts';
import {
  decodeFrames,
  decodeHello,
  type Epoch,
  emptyBody,
  encodeFrames,
  encodeHello,
  type Frame,
  type FrameType,
  frameBytes,
  maxBodyBytes,
  maxMessageBytes,
  noEpoch,
} from './frame.ts';
import { Pulse } from './pulse.ts';
import { RtpQueue } from './rtp-queue.ts';
import { ahead, Unacknowledged } from './unacknowledged.ts';
import { protocolVersion, type SocketKind } from './version.ts';

/** A socket as the link needs it. Close codes are those of RFC 6455 7.4.1. */
export type Wire = { send(message: Uint8Array): void; close(code: number, reason: string): void };

/** What a socket tells of itself. Of a socket that was replaced, nothing is listened to. */
export type WireEvents = { message(bytes: Uint8Array): void; closed(reason: string): void };

export type LinkOptions = {
  kind: SocketKind;
  clock: Clock;
  /** A frame for the owner: control, sip, rtp, http.*. Where it throws `frame.malformed`, the socket is closed. */
  onFrame(frame: Frame): void;
  /** What else it threw: that frame is lost, and no other. */
  onFailed(error: unknown): void;
  /** `unacknowledged`: on a fresh start, what may not have arrived, in order. */
  onUp(fresh: boolean, unacknowledged: readonly Frame[]): void;
  onDown(reason: string): void;
  /** Down for longer than the gap: the next start is a fresh one. */
  onGone?(): void;
  /** Runs it at the end of this turn of the event loop. */
  soon?: (run: () => void) => void;
  createEpoch?: () => Epoch;
  pingMs?: number;
  deadMs?: number;
  gapMs?: number;
  firstFrameMs?: number;
  maxQueuedBytes?: number;
};

export type PlainType = Extract<FrameType, `http.${string}`>;

type Timer = 'gap' | 'firstFrame';

export class Link {
  /** Frames. `repeated`: received again; `refused`: not taken for sending; `dropped`: taken and given up; `failed`: see `onFailed`. */
  readonly counters = { sent: 0, received: 0, repeated: 0, refused: 0, dropped: 0, failed: 0 };
  readonly #options: Required<LinkOptions>;
  readonly #kept: Unacknowledged;
  readonly #rtp = new RtpQueue();
  #state: 'down' | 'greeting' | 'up' | 'closed' = 'down';
  #isGone = false;
  #wire: Wire | undefined;
  #pulse: Pulse | undefined;

  #epoch: Epoch;
  #seen: Epoch = noEpoch;
  /** The last number received in order: of control and SIP, or of RTP. */
  #received = 0;
  readonly #acknowledging: Acknowledging;

  #outgoing: Frame[] = [];
  #outgoingBytes = 0;
  #isFlushDue = false;
  #cancels: Partial<Record<Timer, () => void>> = {};

  constructor({
    soon = setImmediate,
    createEpoch = () => randomBytes(8).toString('hex'),
    onGone = () => {},
    pingMs = 2_000,
    deadMs = 6_000,
    gapMs = 20_000,
    firstFrameMs = 5_000,
    maxQueuedBytes = 4 * 1024 * 1024,
    ...rest
  }: LinkOptions) {
    const defaults = { soon, createEpoch, onGone, pingMs, deadMs, gapMs, firstFrameMs, maxQueuedBytes };
    this.#options = { ...rest, ...defaults };
    this.#kept = new Unacknowledged(maxQueuedBytes);
    this.#acknowledging = new Acknowledging(rest.clock, () => this.#flush());
    this.#epoch = createEpoch();
    this.#after('gap', gapMs, () => this.#forget());
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** Down for longer than the gap, or closed: nothing is kept for later. */
  get isGone(): boolean {
    return this.#isGone || this.#state === 'closed';
  }

  get latencyMs(): number | undefined {
    return this.#pulse?.latencyMs;
  }

  /** Packets that waited too long. */
  get droppedRtp(): number {
    return this.#rtp.dropped;
  }

  /** A new socket, in the place of the one before. */
  connect(wire: Wire): WireEvents {
    if (this.#state === 'closed') wire.close(1001, 'closed');
    else {
      this.#drop(1001, 'another socket took its place');
      this.#wire = wire;
      this.#state = 'greeting';
      this.#after('firstFrame', this.#options.firstFrameMs, () => this.#drop(1008, 'no hello'));
      const hello = {
        version: protocolVersion,
        epoch: this.#epoch,
        seen: this.#seen,
        received: this.#received,
      };
      wire.send(encodeFrames([encodeHello(hello)]));
    }
    return {
      message: (bytes) => {
        if (this.#wire === wire) this.#receive(bytes);
      },
      closed: (reason) => {
        if (this.#wire === wire) this.#fell(reason);
      },
    };
  }

  /**
   * Control and SIP: kept until acknowledged; false when the link is gone or too
   * much is kept. `body` is not copied: do not change it afterwards.
   */
  sendKept(type: 'control' | 'sip', channel: number, body: Uint8Array): boolean {
    const frame: Frame = { type, channel, number: 0, body };
    if (this.isGone || body.length > maxBodyBytes || !this.#kept.add(frame)) {
      this.counters.refused++;
      return false;
    }
    if (this.#state === 'up') this.#write(frame);
    return true;
  }

  /** HTTP: false while the link is not up. */
  sendPlain(type: PlainType, channel: number, number = 0, body = emptyBody): boolean {
    if (this.#state !== 'up') return false;
    this.#write({ type, channel, number, body });
    return true;
  }

  sendRtp(stream: number, packet: Uint8Array): void {
    if (this.#state !== 'up' || packet.length > maxBodyBytes) {
      this.counters.refused++;
      return;
    }
    this.#rtp.push(stream, packet, this.#options.clock.now());
    this.#flushSoon();
  }

  /** Whether the other end answers within the time. */
  async probe(withinMs: number): Promise<boolean> {
    return (await this.#pulse?.probe(withinMs)) ?? false;
  }

  /** Sends what waits and lets the socket go; another may follow. */
  disconnect(code: number, reason: string): void {
    this.#flush();
    this.#drop(code, reason);
  }

  close(code = 1001, reason = 'closed'): void {
    if (this.#state === 'closed') return;
    this.disconnect(code, reason);
    this.#state = 'closed';
    this.#cancels.gap?.();
    this.counters.dropped += this.#kept.startOver().length;
  }

  // --- receiving -----------------------------------------------------------

  #receive(message: Uint8Array): void {
    const wire = this.#wire;
    this.#pulse?.heard();
    try {
      for (const frame of decodeFrames(message)) {
        if (this.#wire !== wire) return; // the owner let it go meanwhile
        if (this.#state === 'greeting') this.#greeted(frame);
        else this.#take(frame);
      }
    } catch (error) {
      if (!isBreach(error)) throw error;
      this.#drop(error.code === 'frame.too-large' ? 1009 : 1002, error.message);
    }
  }

  #greeted(frame: Frame): void {
    const hello = decodeHello(frame);
    if (hello.version !== protocolVersion) {
      throw new Fault('version.mismatch', `the other end speaks version ${hello.version}`, {
        version: hello.version,
      });
    }
    const isFresh = hello.epoch !== this.#seen || hello.seen !== this.#epoch;
    const left = isFresh ? this.#startOver(hello.epoch) : [];
    if (!isFresh && this.#options.kind === 'signal') this.#kept.settle(hello.received);

    this.#state = 'up';
    this.#isGone = false;
    this.#cancels.firstFrame?.();
    this.#cancels.gap?.();
    this.#rtp.restart();
    const { clock, pingMs, deadMs } = this.#options;
    this.#pulse = new Pulse({
      clock,
      pingMs,
      deadMs,
      sendPing: (number) => this.#write({ type: 'ping', channel: 0, number, body: emptyBody }),
      onDead: () => this.#drop(1001, 'nothing heard'),
    });
    for (const kept of this.#kept.frames) this.#write(kept);
    this.#options.onUp(isFresh, left);
  }

  #startOver(epoch: Epoch): readonly Frame[] {
    this.#seen = epoch;
    this.#received = 0;
    return this.#kept.startOver();
  }

  #take(frame: Frame): void {
    switch (frame.type) {
      case 'hello':
        throw outOfContract('a second hello');
      case 'ping':
        this.#write({ ...frame, type: 'pong' });
        break;
      case 'pong':
        this.#pulse?.ponged(frame.number);
        break;
      case 'ack':
        this.#acknowledged(frame.number);
        break;
      default:
        if ((frame.type === 'rtp') !== (this.#options.kind === 'media')) {
          throw outOfContract(`${frame.type} on the ${this.#options.kind} socket`);
        }
        if (this.#isNew(frame)) {
          this.counters.received++;
          this.#give(frame);
        }
    }
  }

  /** What our own rooms cannot take is not the other end's fault, and must not end what carries everybody else. */
  #give(frame: Frame): void {
    try {
      this.#options.onFrame(frame);
    } catch (error) {
      if (isBreach(error)) throw error;
      this.counters.failed++;
      this.#options.onFailed(error);
    }
  }

  #isNew({ type, number }: Frame): boolean {
    if (type === 'rtp') this.#received = number;
    else if (type === 'control' || type === 'sip') {
      const step = ahead(number, this.#received);
      if (step > 1) throw outOfContract('a number was left out');
      if (step === 1) this.#received = number;
      else this.counters.repeated++;
      this.#acknowledgeSoon();
      return step === 1;
    } else return true;
    this.#acknowledgeSoon();
    return true;
  }

  #acknowledged(number: number): void {
    if (this.#options.kind === 'signal') this.#kept.settle(number);
    else {
      this.#rtp.acknowledged(number, this.#options.clock.now());
      this.#flushSoon();
    }
  }

  #acknowledgeSoon(): void {
    if (this.#acknowledging.received()) this.#flushSoon();
  }

  // --- sending -------------------------------------------------------------

  #write(frame: Frame): void {
    if (this.#outgoingBytes + frameBytes(frame) > maxMessageBytes) this.#sendOutgoing();
    this.#outgoing.push(frame);
    this.#outgoingBytes += frameBytes(frame);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#options.soon(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushDue = true; // what is written here leaves here
    if (this.#state === 'up') {
      for (const frame of this.#rtp.take(this.#options.clock.now())) this.#write(frame);
      if (this.#acknowledging.take()) {
        this.#write({ type: 'ack', channel: 0, number: this.#received, body: emptyBody });
      }
      this.#sendOutgoing();
    }
    this.#isFlushDue = false;
  }

  #sendOutgoing(): void {
    if (this.#outgoing.length === 0) return;
    const frames = this.#outgoing;
    this.#outgoing = [];
    this.#outgoingBytes = 0;
    this.counters.sent += frames.length;
    this.#wire?.send(encodeFrames(frames));
  }

  // --- life ----------------------------------------------------------------

  #drop(code: number, reason: string): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    this.#fell(reason);
    wire.close(code, reason);
  }

  #fell(reason: string): void {
    const wasUp = this.#state === 'up';
    this.#wire = undefined;
    this.#state = 'down';
    this.#outgoing = [];
    this.#outgoingBytes = 0;
    this.#acknowledging.stop();
    this.#cancels.firstFrame?.();
    this.#pulse?.stop();
    this.#pulse = undefined;
    if (!wasUp) return;
    this.#after('gap', this.#options.gapMs, () => this.#forget());
    this.#options.onDown(reason);
  }

  #forget(): void {
    // A hello with the old epoch is under way: what it would lead to, the two ends would see differently.
    this.#drop(1001, 'greeting took too long');
    this.#isGone = true;
    this.counters.dropped += this.#startOver(noEpoch).length;
    this.#epoch = this.#options.createEpoch();
    this.#options.onGone();
  }

  #after(name: Timer, ms: number, run: () => void): void {
    this.#cancels[name]?.();
    this.#cancels[name] = this.#options.clock.after(ms, run);
  }
}

const breaches: ReadonlySet<FaultCode> = new Set(['frame.malformed', 'frame.too-large', 'version.mismatch']);

const isBreach = (error: unknown): error is Fault => Fault.is(error) && breaches.has(error.code);

const outOfContract = (why: string) => new Fault('frame.malformed', `out of contract: ${why}`);
