/** The RTP ports an agent lends us: asked for and given back by control messages, by number. */

import type { Flow } from '#controller/model/model.ts';
import type { MediaStream } from '#controller/model/ports.ts';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
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
  #last = 0;

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#opening.size + this.#open.size;
  }

  /** Rejects with `unavailable`, `limit.reached` or `forbidden`. */
  open(flow: Flow, remote: HostPort): Promise<MediaStream> {
    // Voice goes to the phone that has the flow and nowhere else, whatever its SDP says.
    if (remote.address !== flow.remote.address) {
      throw new Fault('forbidden', 'media would go to another address than the phone has', {
        address: remote.address,
      });
    }
    if (this.size >= maxStreams) throw new Fault('limit.reached', 'too many streams at once', { maxStreams });
    this.#last += 2;
    const number = this.#last;
    const { clock, control } = this.#options;
    if (!control({ type: 'media.open', stream: number, local: flow.local.address, remote })) {
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
          const stream = this.#create(number, local);
          this.#open.set(number, stream);
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
    else stream.onPacket(packet);
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

  #create(number: number, local: HostPort): MediaStream {
    return {
      local,
      onPacket: () => {},
      send: (packet) => {
        if (this.#open.has(number)) this.#options.sendRtp(number, packet);
        else this.dropped++;
      },
      close: () => {
        if (this.#open.delete(number)) this.#options.control({ type: 'media.close', stream: number });
      },
    };
  }
}
