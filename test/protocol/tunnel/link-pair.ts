/** Two links and the sockets between them, in memory, on a clock that moves when told. */

import type { Frame } from '#protocol/tunnel/frame.ts';
import { Link, type LinkOptions, type Wire, type WireEvents } from '#protocol/tunnel/link.ts';
import type { SocketKind } from '#protocol/tunnel/version.ts';
import { createFakeClock } from '#test/support/clock.ts';

export type End = {
  link: Link;
  frames: Frame[];
  events: string[];
  unacknowledged: Frame[];
};

export type Pair = ReturnType<typeof createPair>;

export function createPair(kind: SocketKind = 'signal', options: Partial<LinkOptions> = {}) {
  const clock = createFakeClock();
  const ended: (() => void)[] = [];
  let epochs = 0;

  const createEnd = (): End => {
    const frames: Frame[] = [];
    const events: string[] = [];
    const unacknowledged: Frame[] = [];
    const link = new Link({
      kind,
      clock,
      soon: (run) => ended.push(run),
      createEpoch: () => (++epochs).toString(16).padStart(16, '0'),
      onFrame: (frame) => frames.push({ ...frame, body: Uint8Array.from(frame.body) }),
      onUp: (fresh, left) => {
        events.push(fresh ? 'fresh' : 'up');
        unacknowledged.push(...left);
      },
      onFailed: (error) => events.push(`failed: ${(error as Error).message}`),
      onDown: (reason) => events.push(`down: ${reason}`),
      onGone: () => events.push('gone'),
      ...options,
    });
    return { link, frames, events, unacknowledged };
  };

  /** Ends turns of the event loop until nothing is left to do. */
  function settle(): void {
    for (let run = ended.shift(); run !== undefined; run = ended.shift()) run();
  }

  return {
    clock,
    settle,
    createEnd,
    a: createEnd(),
    b: createEnd(),
    /** Moves time, with the turns it has. */
    pass(ms: number): void {
      for (let left = ms; left > 0; left -= 10) {
        clock.advance(Math.min(10, left));
        settle();
      }
    },
  };
}

export type Cable = {
  /** Messages on their way, both directions, oldest first. */
  readonly waiting: number;
  /** Delivers the next `count`, or all. */
  deliver(count?: number): void;
  /** From now on messages vanish, and nobody is told. */
  blackhole(): void;
  /** Both ends are told that it broke; what was under way is lost. */
  cut(): void;
  closed: string[];
  messages: Uint8Array[];
};

/** Connects two ends. With `held`, messages wait until delivered. */
export function connect(one: Link, other: Link, { held = false } = {}): Cable {
  const queue: (() => void)[] = [];
  const closed: string[] = [];
  const messages: Uint8Array[] = [];
  let isBroken = false;
  let events: { one?: WireEvents; other?: WireEvents } = {};

  const wireTo = (side: 'one' | 'other'): Wire => ({
    send(message) {
      messages.push(message);
      if (isBroken) return;
      queue.push(() => events[side]?.message(message));
      if (!held) cable.deliver();
    },
    close(code, reason) {
      closed.push(`${code} ${reason}`);
      if (!isBroken) queue.push(() => events[side]?.closed(reason));
      if (!held) cable.deliver();
    },
  });

  const cable: Cable = {
    closed,
    messages,
    get waiting() {
      return queue.length;
    },
    deliver(count = Number.POSITIVE_INFINITY) {
      if (events.one === undefined || events.other === undefined) return;
      for (let left = count; left > 0 && !isBroken; left--) {
        const next = queue.shift();
        if (next === undefined) return;
        next();
      }
    },
    blackhole() {
      isBroken = true;
    },
    cut() {
      isBroken = true;
      events.one?.closed('cut');
      events.other?.closed('cut');
    },
  };
  const first = one.connect(wireTo('other'));
  events = { one: first };
  events = { one: first, other: other.connect(wireTo('one')) };
  if (!held) cable.deliver();
  return cable;
}
