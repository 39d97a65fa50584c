/** The RTP ports an agent lends us: asked for and given back by control messages, by number. */

import type { Flow } from '#controller/model/model.ts';
import type { MediaStream } from '#controller/model/ports.ts';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { ReceptionReport } from '#protocol/media/reception.ts';
import { isRtcp } from '#protocol/media/rtcp.ts';
import type { StreamTerms } from '#protocol/media/stream.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';

export const maxStreams = 2_000;
const openMs = 5_000;

type Opening = { opened(local: HostPort): void; failed(fault: Fault): void };

export type StreamsOptions = {
  clock: Clock;
  control(message: ControlMessage): boolean;
  sendRtp(stream: number, packet: Uint8Array): void;
};

export class Streams {
  /** Packets for a stream that is not open, and to one that was lost. */
  dropped = 0;
  readonly #options: StreamsOptions;
  readonly #opening = new Map<number, Opening>();
  readonly #open = new Map<number, MediaStream>();
  readonly #numbers = new WeakMap<MediaStream, number>();
  #last = 0;

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#opening.size + this.#open.size;
  }

  /** Rejects with `unavailable`, `limit.reached` or `forbidden`. */
  open(flow: Flow, remote: HostPort, terms: StreamTerms = {}): Promise<MediaStream> {
    checkAddress(flow, remote);
    if (this.size >= maxStreams) throw new Fault('limit.reached', 'too many streams at once', { maxStreams });
    this.#last += 2;
    const number = this.#last;
    const { clock, control } = this.#options;
    if (!control({ type: 'media.open', stream: number, local: flow.local.address, remote, ...terms })) {
      throw new Fault('unavailable', 'the agent is not reached');
    }
    return new Promise((resolve, reject) => {
      const cancel = clock.after(openMs, () => {
        control({ type: 'media.close', stream: number });
        this.failed(number, 'the agent did not answer');
      });
      this.#opening.set(number, {
        opened: (local) => {
          cancel();
          const stream = this.#create(number, flow, { local, remote });
          this.#open.set(number, stream);
          this.#numbers.set(stream, number);
          resolve(stream);
        },
        failed: (fault) => {
          cancel();
          reject(fault);
        },
      });
    });
  }

  opened(number: number, local: HostPort): void {
    const opening = this.#opening.get(number);
    this.#opening.delete(number);
    opening?.opened(local);
  }

  failed(number: number, reason: string): void {
    const opening = this.#opening.get(number);
    this.#opening.delete(number);
    opening?.failed(new Fault('unavailable', `no media: ${reason}`));
    this.#lose(number);
  }

  packet(number: number, packet: Uint8Array): void {
    const stream = this.#open.get(number);
    if (stream === undefined) this.dropped++;
    else if (isRtcp(packet)) stream.onRtcp?.(packet);
    else stream.onPacket(packet);
  }

  report(number: number, report: ReceptionReport): void {
    this.#open.get(number)?.onReport?.(report);
  }

  /** All are lost: the agent was restarted, or is away for too long. */
  clear(reason: string): void {
    for (const number of [...this.#opening.keys()]) this.failed(number, reason);
    for (const number of [...this.#open.keys()]) {
      this.#options.control({ type: 'media.close', stream: number });
      this.#lose(number);
    }
  }

  #lose(number: number): void {
    const stream = this.#open.get(number);
    this.#open.delete(number);
    stream?.onLost?.();
  }

  #create(number: number, flow: Flow, at: { local: HostPort; remote: HostPort }): MediaStream {
    let { remote } = at;
    let rtcp: { rtcpPort?: number } = {};
    let joined: { join?: number } = {};
    const { control, sendRtp } = this.#options;
    const tell = () => control({ type: 'media.remote', stream: number, remote, ...rtcp, ...joined });
    const stream: MediaStream = {
      local: at.local,
      onPacket: () => {},
      send: (packet) => {
        if (this.#open.has(number)) sendRtp(number, packet);
        else this.dropped++;
      },
      retarget: (next, rtcpPort) => {
        checkAddress(flow, next);
        remote = next;
        rtcp = rtcpPort === undefined ? {} : { rtcpPort };
        if (this.#open.has(number)) tell();
      },
      join: (other) => {
        const join = this.#numbers.get(other);
        if (join === undefined || !this.#open.has(number) || !this.#open.has(join)) return false;
        if (joined.join === join) return true;
        joined = { join };
        tell();
        return other.join(stream);
      },
      close: () => {
        if (this.#open.delete(number)) control({ type: 'media.close', stream: number });
      },
    };
    return stream;
  }
}

/** Voice goes to the phone that has the flow and nowhere else, whatever its SDP says. */
function checkAddress(flow: Flow, { address }: HostPort): void {
  if (address === flow.remote.address) return;
  throw new Fault('forbidden', 'media would go to another address than the phone has', { address });
}
