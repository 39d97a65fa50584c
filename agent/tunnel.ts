/**
 * The tunnel as the agent's rooms see it: two links to the controller, kept up.
 *
 *     signal   control, SIP, HTTP: what waits is kept over a gap of 20 s
 *     media    RTP: late is worse than lost
 *
 * After a fresh start of either side the controller hears first where we listen
 * and which flows there are, and then the SIP that may not have reached it.
 */

import type { KeyObject } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { attachSocket } from '#protocol/tunnel/attach.ts';
import {
  type ControlMessage,
  decodeControl,
  encodeControl,
  type FlowOpening,
} from '#protocol/tunnel/control.ts';
import type { Frame } from '#protocol/tunnel/frame.ts';
import { HttpRequests } from '#protocol/tunnel/http.ts';
import { Link } from '#protocol/tunnel/link.ts';
import type { SocketKind } from '#protocol/tunnel/version.ts';
import { createBackoff } from './backoff.ts';
import { keepUp } from './keep-up.ts';
import { type Ending, openSocket } from './socket.ts';

export type Log = Record<'debug' | 'info' | 'warn' | 'error', (facts: object, message: string) => void>;

export type AgentStatus = Extract<ControlMessage, { type: 'status' }>;

export type TunnelRequest = {
  method: 'GET' | 'HEAD';
  path: string;
  /** Names in small letters. */
  headers: Record<string, string>;
  remote: HostPort;
  mac?: string;
  /** Base64 DER. */
  certificate?: string;
};

export type TunnelAnswer = {
  status: number;
  headers: Record<string, string>;
  /** Ending the iteration early tells the controller to stop. */
  body: AsyncIterable<Uint8Array>;
};

export type TunnelOptions = {
  controller: URL;
  identity: { agent: string; privateKey: KeyObject };
  /** base64url SHA-256 of the SPKI of the controller's key: any of these is right. */
  pins: readonly string[];
  /** Plain `ws` to an address that is not loopback. */
  allowPlain?: boolean;
  /** Both sockets go through it. */
  proxy?: URL | undefined;
  clock: Clock;
  log: Log;
  status(): AgentStatus;
  /** Every flow there is: told to the controller when either side was restarted. */
  flows(): FlowOpening[];
  onControl(message: ControlMessage): void;
  onSip(flow: number, bytes: Uint8Array): void;
  onRtp(stream: number, packet: Uint8Array): void;
  /** `newEpoch`: the controller knows nothing of before; streams of before are gone. */
  onUp(newEpoch: boolean): void;
  onDown(): void;
  /** It could not be dialled. */
  onFailure?(fault: Fault | Error): void;
  /** Not dialled before that: whoever has our key now lets go of it first. */
  after?: Promise<void> | undefined;
  /** The controller will have a new key: keep these pins instead of the old ones. */
  onPins?(pins: readonly string[]): void;
  random?: () => number;
  pingMs?: number;
  deadMs?: number;
  gapMs?: number;
  /** How long the controller may think about a request. */
  answerMs?: number;
};

export interface AgentTunnel {
  readonly isUp: boolean;
  /** `unknownControl`: messages of a later version. */
  readonly counters: { readonly unknownControl: number };
  control(message: ControlMessage): void;
  /** False: down for longer than the gap, or the queue is full. The bytes are kept, not copied. */
  sip(flow: number, bytes: Uint8Array): boolean;
  rtp(stream: number, packet: Uint8Array): void;
  /** Rejects with `unavailable` or `limit.reached`. */
  request(request: TunnelRequest): Promise<TunnelAnswer>;
  close(): Promise<void>;
}

/** Flows in one control message; it has to fit a frame. */
const flowsAtOnce = 200;

export function dialTunnel(options: TunnelOptions): AgentTunnel {
  const { controller, identity, allowPlain, proxy, clock, log, random, answerMs = 15_000 } = options;
  const { pingMs, deadMs, gapMs } = options;
  const intervals = {
    ...(pingMs !== undefined && { pingMs }),
    ...(deadMs !== undefined && { deadMs }),
    ...(gapMs !== undefined && { gapMs }),
  };
  const closing = new AbortController();
  let pins = options.pins;
  const counters = { unknownControl: 0 };

  const links: Record<SocketKind, Link> = {
    signal: new Link({
      kind: 'signal',
      clock,
      ...intervals,
      onFrame: take,
      onFailed,
      onUp: signalUp,
      onDown(reason) {
        log.warn({ reason }, 'tunnel is down');
        requests.restart();
        options.onDown();
      },
    }),
    media: new Link({
      kind: 'media',
      clock,
      ...intervals,
      onFrame: ({ channel, body }) => options.onRtp(channel, body),
      onFailed,
      onUp: () => log.debug({}, 'media socket is up'),
      onDown: (reason) => log.warn({ reason }, 'media socket is down'),
    }),
  };
  const requests = new HttpRequests({ send: (...frame) => links.signal.sendPlain(...frame) });

  function onFailed(err: unknown): void {
    log.error({ err }, 'a frame of the controller could not be taken');
  }

  function take(frame: Frame): void {
    if (frame.type === 'sip') options.onSip(frame.channel, frame.body);
    else if (frame.type === 'control') obey(decodeControl(frame.body));
    else requests.take(frame);
  }

  function obey(message: ControlMessage | undefined): void {
    if (message === undefined) counters.unknownControl++;
    else options.onControl(message);
  }

  function signalUp(fresh: boolean, left: readonly Frame[]): void {
    log.info({ fresh }, 'tunnel is up');
    if (fresh) {
      control(options.status());
      const flows = options.flows();
      control({ type: 'flows', flows: flows.slice(0, flowsAtOnce) });
      for (const flow of flows.slice(flowsAtOnce)) control({ type: 'flow.open', ...flow });
      // Control messages of before are out of date: status and flows say how it is now.
      for (const { type, channel, body } of left) {
        if (type === 'sip') links.signal.sendKept('sip', channel, body);
      }
    }
    options.onUp(fresh);
  }

  function control(message: ControlMessage): void {
    const body = encodeControl(message);
    if (body !== undefined) links.signal.sendKept('control', 0, body);
    else log.error({ type: message.type }, 'control message is out of contract and was not sent');
  }

  function opener(kind: SocketKind) {
    // Where TLS ends nobody tells: over our controller's own TLS a nonce is refused, and the reverse.
    let ending: Ending = controller.protocol === 'wss:' ? 'controller' : 'proxy';
    return async (signal: AbortSignal) => {
      await until(options.after, signal);
      const way = { controller, pins, signal, proxy, ...(allowPlain && { allowPlain }) };
      try {
        const opened = await openSocket({ kind, identity, ending, ...way });
        trust(opened.pins);
        return { ended: use(links[kind], opened.socket, clock) };
      } catch (error) {
        if (Fault.is(error, 'auth.refused')) ending = otherEnding(ending, controller);
        throw error;
      }
    };
  }

  function trust(given: readonly string[]): void {
    if (given.join() === pins.join()) return;
    pins = given;
    options.onPins?.(pins);
  }

  const loops = (['signal', 'media'] as const).map((kind) =>
    keepUp({
      open: opener(kind),
      onFailure: (err, waitMs) => {
        const code = Fault.is(err) ? err.code : 'internal';
        log.warn({ kind, code, reason: err.message, waitMs }, 'not connected');
        if (kind === 'signal') options.onFailure?.(err);
      },
      backoff: createBackoff({ ...(random && { random }) }),
      clock,
      signal: closing.signal,
    }),
  );
  let closed: Promise<void> | undefined;

  return {
    get isUp() {
      return links.signal.isUp;
    },
    counters,
    control,
    sip: (flow, bytes) => links.signal.sendKept('sip', flow, bytes),
    rtp: (stream, packet) => links.media.sendRtp(stream, packet),
    async request(asked) {
      const patience = new AbortController();
      const cancel = clock.after(answerMs, () => patience.abort());
      try {
        return await requests.request(asked, patience.signal);
      } finally {
        cancel();
      }
    },
    close() {
      closed ??= (async () => {
        closing.abort();
        links.signal.close();
        links.media.close();
        await Promise.all(loops);
      })();
      return closed;
    },
  };
}

/** Or until it is not wanted any more, which the loop sees. */
function until(after: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  if (after === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done);
    void after.then(done);
  });
}

/** Answers when the socket has ended. */
function use(link: Link, socket: WebSocket, clock: Clock): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    if (socket.readyState === socket.CLOSED) resolve();
  });
  attachSocket(link, socket, clock);
  socket.resume();
  return ended;
}

function otherEnding(ending: Ending, controller: URL): Ending {
  if (controller.protocol !== 'wss:') return 'proxy';
  return ending === 'controller' ? 'proxy' : 'controller';
}
