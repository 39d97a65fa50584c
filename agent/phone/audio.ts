/**
 * The phone's side of a call's sound: one RTP socket, what is said paced at a
 * packet every 20 ms, what is heard measured.
 *
 * Packets are taken from the address that was agreed on, and until one came from
 * there, from the first that sends: some peers send from another address than
 * they write, and phones put up with it. The pace is kept against the clock and
 * not from packet to packet, so that it does not drift; what a late turn of the
 * loop missed is sent at once, up to `maxCatchUp`.
 */

import type { Socket } from 'node:dgram';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { AudioTerms } from '#protocol/media/negotiate.ts';
import { encodeRtp } from '#protocol/media/rtp.ts';
import { bindSocket } from './datagrams.ts';
import { createListener, type Listener, type ListenerOptions } from './listener.ts';
import { createSender, packetMs, type Sender } from './sender.ts';

export type AudioOptions = ListenerOptions & {
  address: string;
  clock: Clock;
  random: (below: number) => number;
};

export async function openAudio({ address, clock, random, ...heard }: AudioOptions): Promise<Audio> {
  const socket = await bindEven(address);
  return new Audio(socket, createSender({ random }), createListener(heard), clock);
}

export class Audio {
  readonly local: HostPort;
  readonly #socket: Socket;
  readonly #sender: Sender;
  readonly #listener: Listener;
  readonly #stopPacing: () => void;
  #terms: AudioTerms | undefined;
  /** Who sends to us. */
  #source: string | undefined;
  #foreign = 0;
  #isOpen = true;

  constructor(socket: Socket, sender: Sender, listener: Listener, clock: Clock) {
    this.local = socket.address();
    this.#socket = socket;
    this.#sender = sender;
    this.#listener = listener;
    this.#stopPacing = pace({ clock, everyMs: packetMs, run: () => this.#say() });
    socket.on('message', (bytes, { address }) => {
      if (this.#isExpected(address)) listener.feed(bytes);
      else this.#foreign++;
    });
    socket.on('error', () => this.#foreign++); // an ICMP message about one packet: the call goes on
  }

  /** Again with each answer: hold, resume, a new address. */
  agree(terms: AudioTerms): void {
    if (terms.target?.address !== this.#terms?.target?.address) this.#source = undefined;
    this.#terms = terms;
    this.#listener.agree(terms);
  }

  tone(hz: number | undefined): void {
    this.#sender.tone(hz);
  }

  /** False: the other side takes no events, or too many are waiting. */
  press(digits: string): boolean {
    const { eventType } = this.#terms ?? {};
    return eventType !== undefined && this.#sender.press(digits, eventType);
  }

  read(): { packets: number; levelDb: number } {
    return this.#listener.read();
  }

  get dropped(): number {
    return this.#listener.dropped + this.#foreign;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stopPacing();
    this.#socket.close();
  }

  #isExpected(address: string): boolean {
    if (this.#terms === undefined) return false;
    if (address === this.#terms.target?.address) this.#source = address;
    this.#source ??= address;
    return this.#source === address;
  }

  #say(): void {
    const { target, direction } = this.#terms ?? {};
    if (this.#terms === undefined || target === undefined || !sending.has(direction)) return;
    this.#socket.send(encodeRtp(this.#sender.next(this.#terms)), target.port, target.address);
  }
}

const sending: ReadonlySet<string | undefined> = new Set(['sendrecv', 'sendonly']);
const maxCatchUp = 5;

export type PaceOptions = { clock: Clock; everyMs: number; run: () => void };

/** Runs `run` every `everyMs`, counted from the start; answers with its end. */
export function pace({ clock, everyMs, run }: PaceOptions): () => void {
  let due = clock.now() + everyMs;
  let cancel = clock.after(everyMs, tick);

  function tick(): void {
    due = Math.max(due, clock.now() - maxCatchUp * everyMs);
    for (; due <= clock.now(); due += everyMs) run();
    cancel = clock.after(due - clock.now(), tick);
  }
  return () => cancel();
}

/** RFC 3550 11: RTP goes to an even port. The system gives any, so ask a few times. */
async function bindEven(address: string, tries = 32): Promise<Socket> {
  const socket = await bindSocket({ address, port: 0 });
  if (socket.address().port % 2 === 0 || tries <= 1) return socket;
  socket.close();
  return bindEven(address, tries - 1);
}
