/**
 * SIP PnP: what becomes of a phone that asks the LAN for its config.
 *
 *     phone ─ SUBSCRIBE, multicast ─→ agent ─ heard ─→ controller
 *     phone ←── 200, then NOTIFY ──── agent ←─ offer ─ controller, for a device of this site only
 *
 * Who is not offered anything gets no answer: another server of the LAN may know
 * it. The URL opens a config with secrets, so it goes only to a neighbour, and
 * only to the one whose MAC in the neighbour table is the one it says it has.
 *
 *     heard ── offer ─→ offering ── 2xx ─→ accepted: rests for a while, no phone boots that often
 *       └── late, 32 s ─→ forgotten  └── no answer to six NOTIFYs ─→ forgotten: may ask again
 */

import { createBuckets } from '#agent/buckets.ts';
import { whyNotTo } from '#agent/target.ts';
import { type HostPort, isLoopback } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';
import { formatNotify, formatOk, type Leg, notifyTarget, portOf, readAnswer } from './answer.ts';
import { readStray } from './stray.ts';
import { type Asking, type Description, readAsking } from './subscribe.ts';

const counterNames = [
  'asked',
  'repeated',
  'malformed',
  'notOurs',
  'noMac',
  'notNeighbour',
  'overRate',
  'notWanted',
  'resting',
  'late',
  'strays',
  'offered',
  'accepted',
  'refused',
  'wrongMac',
  'unanswered',
] as const;

export type PnpCounters = Record<(typeof counterNames)[number], number>;

type Offer = Extract<ControlMessage, { type: 'offer' }>;
type Log = Record<'debug' | 'info' | 'warn', (facts: object, message: string) => void>;

export type ResponderOptions = {
  clock: Clock;
  log: Log;
  /** Our address on the subnet of that phone; undefined: it is no neighbour. */
  localFor(address: string): HostPort | undefined;
  send(local: HostPort, remote: HostPort, bytes: Uint8Array): void;
  tell(message: ControlMessage): void;
  /** Twelve small digits; undefined: not in the neighbour table. */
  macOf(address: string): Promise<string | undefined>;
  random(): string;
  maxAsking?: number;
};

export type Responder = {
  readonly counters: Readonly<PnpCounters>;
  receive(bytes: Uint8Array, source: HostPort): void;
  /** What came to the socket the answers leave from. */
  receiveAnswer(bytes: Uint8Array, source: HostPort): void;
  /** A request over HTTP that was refused, of a phone by the look of it. */
  stray(path: string, userAgent: string, remote: HostPort): void;
  offer(offer: Offer): void;
  /** The controller has SIP from there, of nobody it knows: who is it, by the neighbour table? */
  who(asked: Extract<ControlMessage, { type: 'who' }>): Promise<void>;
  /** Whether the controller wants to be told. */
  isWanted: boolean;
  close(): void;
};

type Said = { [Name in keyof Description]: Description[Name] | undefined };

type Ask = {
  asking: Asking;
  leg: Leg;
  at: number;
  ok?: Uint8Array;
  isAccepted?: true;
  cancel?: () => void;
};

/** RFC 3261, timer F: for so long a phone waits for an answer. */
const patienceMs = 32_000;
/** The neighbour table has the phone soon after the 200 was sent to it; then as timer E goes. */
const notifyAfterMs = [50, 500, 1_000, 2_000, 4_000, 4_000];
const restMs = 20_000;

export function createResponder(options: ResponderOptions): Responder {
  const { clock, log, localFor, send, tell, macOf, random, maxAsking = 256 } = options;
  const counters = Object.fromEntries(counterNames.map((name) => [name, 0])) as PnpCounters;
  const perSource = createBuckets({ clock, burst: 16, perSecond: 0.5 });
  const together = createBuckets({ clock, burst: 100, perSecond: 10 });
  const lookUps = createBuckets({ clock, burst: 50, perSecond: 5 });
  const asks = new Map<string, Ask>();

  function forget(mac: string): void {
    asks.get(mac)?.cancel?.();
    asks.delete(mac);
  }

  function remember(ask: Ask): void {
    const { mac } = ask.asking;
    forget(mac);
    asks.set(mac, ask);
    const [oldest] = asks.keys();
    if (asks.size > maxAsking && oldest !== undefined) forget(oldest);
  }

  /** The same SUBSCRIBE again, or one more of a phone that was served just now. */
  function isRepeat({ mac, callId }: Asking, source: HostPort): boolean {
    const known = asks.get(mac);
    if (known === undefined || known.leg.source.address !== source.address) return false;
    const age = clock.now() - known.at;
    if (known.asking.callId === callId && age < patienceMs) {
      counters.repeated++;
      if (known.ok !== undefined) reply(known, known.ok);
      return true;
    }
    if (known.ok === undefined || age >= restMs) return false;
    counters.resting++;
    return true;
  }

  function reply({ asking, leg }: Ask, ok: Uint8Array): void {
    send(leg.local, { ...leg.source, port: portOf(asking, leg.source) }, ok);
  }

  async function notify(mac: string, ask: Ask, url: string, tries: number): Promise<void> {
    const { asking, leg } = ask;
    const { address } = leg.source;
    const found = isLoopback(address) ? mac : await macOf(address);
    if (asks.get(mac) !== ask || ask.isAccepted) return;
    if (found !== undefined && found !== mac) {
      counters.wrongMac++;
      log.warn({ address, mac, found }, 'a phone asked for the config of another');
      forget(mac);
      return;
    }
    const wait = notifyAfterMs[tries];
    if (found !== undefined)
      send(leg.local, notifyTarget(asking, leg.source), formatNotify(asking, leg, url));
    ask.cancel = clock.after(wait ?? patienceMs / 8, () => {
      if (wait !== undefined) return start(mac, ask, url, tries + 1);
      counters.unanswered++;
      log.info({ mac, address }, 'a phone did not take its URL');
      forget(mac);
    });
  }

  function start(mac: string, ask: Ask, url: string, tries: number): void {
    notify(mac, ask, url, tries).catch((err: unknown) => log.warn({ err, mac }, 'no URL for a phone'));
  }

  function take(asking: Asking, source: HostPort, isWanted: boolean): void {
    const local = localFor(source.address);
    if (local === undefined || whyNotTo(local.address, source) !== undefined) {
      counters.notNeighbour++;
    } else if (!perSource.take(source.address)) {
      counters.overRate++;
    } else if (!isRepeat(asking, source)) {
      if (!isWanted) counters.notWanted++;
      else if (!together.take('')) counters.overRate++;
      else pass(asking, { local, source, tag: random() });
    }
  }

  function pass(asking: Asking, leg: Leg): void {
    remember({ asking, leg, at: clock.now() });
    say(asking, 'pnp', leg.source);
  }

  function say(
    { mac, vendor, model, version }: Said & { mac: string },
    by: 'pnp' | 'http' | 'sip',
    remote: HostPort,
  ): void {
    tell({
      ...{ type: 'heard', mac, by, remote },
      ...(vendor !== undefined && { vendor }),
      ...(model !== undefined && { model }),
      ...(version !== undefined && { version }),
    });
  }

  return {
    counters,
    isWanted: false,

    receive(bytes, source) {
      counters.asked++;
      const asking = readAsking(bytes);
      if (typeof asking === 'string') counters[asking]++;
      else take(asking, source, this.isWanted);
    },

    receiveAnswer(bytes, source) {
      const answer = readAnswer(bytes);
      if (answer === undefined || answer.status < 200) return;
      const ask = [...asks.values()].find(
        ({ asking, leg }) => asking.callId === answer.callId && leg.source.address === source.address,
      );
      if (ask?.ok === undefined || ask.isAccepted) return;
      ask.cancel?.();
      ask.isAccepted = true;
      counters[answer.status < 300 ? 'accepted' : 'refused']++;
      log.info({ mac: ask.asking.mac, status: answer.status }, 'a phone answered to its URL');
    },

    stray(path, userAgent, remote) {
      const phone = readStray(path, userAgent);
      if (phone === undefined) return;
      counters.strays++;
      if (!this.isWanted) counters.notWanted++;
      else if (!perSource.take(remote.address) || !together.take('')) counters.overRate++;
      else say(phone, 'http', remote);
    },

    async who({ remote, ...said }) {
      if (!lookUps.take('')) {
        counters.overRate++;
        return;
      }
      const mac = await macOf(remote.address);
      if (mac !== undefined) say({ ...said, mac }, 'sip', remote);
    },

    offer({ mac, url }) {
      const ask = asks.get(mac);
      if (ask === undefined || ask.ok !== undefined || clock.now() - ask.at > patienceMs) {
        counters.late++;
        return;
      }
      ask.ok = formatOk(ask.asking, ask.leg);
      counters.offered++;
      reply(ask, ask.ok);
      const [first = 0] = notifyAfterMs;
      ask.cancel = clock.after(first, () => start(mac, ask, url, 1));
    },

    close() {
      for (const mac of [...asks.keys()]) forget(mac);
    },
  };
}
