/**
 * One agent as the controller sees it, for as long as the process lives: its two
 * links, whatever sockets are under them, its flows, streams and HTTP requests.
 * It reaches its own site and nothing else: agent and site of every flow and
 * request are those the links were authenticated for.
 *
 *     never seen, or a new epoch   SIP to it is held back until its `flows` came, for numbers
 *                                  mean nothing before, then sent along the same paths
 *     down for up to the gap       SIP waits in the link; streams stay
 *     down for longer              sending answers false; streams are lost
 */

import type { Agent, Flow } from '#controller/model/model.ts';
import type {
  HeardPhone,
  MediaStream,
  RelayedAnswer,
  RelayedRequest,
  SaidOfPhone,
} from '#controller/model/ports.ts';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { StreamTerms } from '#protocol/media/stream.ts';
import {
  type ControlMessage,
  decodeControl,
  encodeControl,
  type FlowOpening,
} from '#protocol/tunnel/control.ts';
import type { Frame } from '#protocol/tunnel/frame.ts';
import { HttpAnswers, type RequestHead, type WholeAnswer } from '#protocol/tunnel/http.ts';
import { Link } from '#protocol/tunnel/link.ts';
import type { SocketKind } from '#protocol/tunnel/version.ts';
import { FlowTable } from './flow-table.ts';
import type { Log } from './log.ts';
import { Streams } from './streams.ts';

/** Longest SIP message relayed; the rest of a frame is for its header. */
const maxSipBytes = 60_000;
const maxHeldBytes = 1024 * 1024;

export type Intervals = { pingMs?: number; deadMs?: number; gapMs?: number };

export type RemoteAgentOptions = {
  agent: Agent;
  clock: Clock;
  log: Log;
  intervals: Intervals;
  onSip(flow: Flow, bytes: Uint8Array): void;
  onHttp(request: RelayedRequest): Promise<RelayedAnswer>;
  /** Answers where the phone has its config, if it is one of ours. */
  onHeard(phone: HeardPhone): string | undefined;
  onLink(agent: string, site: string, isUp: boolean): void;
  /** Each time it said how it is. */
  onStatus?(status: AgentStatus): void;
  /** A certificate of the site's CA, for these addresses. */
  sign(tlsKey: string, addresses: readonly string[]): Promise<string>;
};

/** What did not get through, counted. */
export type Lost = Record<
  | 'unknownFlow'
  | 'unknownControl'
  | 'sipDropped'
  | 'flowsRefused'
  | 'requestsRefused'
  | 'rtpDropped'
  | 'framesFailed',
  number
>;

export type AgentStatus = Extract<ControlMessage, { type: 'status' }>;

export class RemoteAgent {
  readonly id: string;
  readonly site: string;
  readonly links: Readonly<Record<SocketKind, Link>>;
  readonly streams: Streams;
  readonly #counters = { unknownFlow: 0, unknownControl: 0, flowsRefused: 0, sipDropped: 0 };
  status: AgentStatus | undefined;
  readonly #options: RemoteAgentOptions;
  readonly #flows: FlowTable;
  readonly #http: HttpAnswers;
  #knowsFlows = false;
  #isSigning = false;
  #held: { flow: Flow; message: Uint8Array }[] = [];
  #heldBytes = 0;

  constructor(options: RemoteAgentOptions) {
    const { agent, clock, intervals } = options;
    this.#options = options;
    this.id = agent.id;
    this.site = agent.site;
    this.#flows = new FlowTable({ agent: agent.id, site: agent.site });
    this.links = {
      signal: new Link({
        kind: 'signal',
        clock,
        ...intervals,
        onFrame: (frame) => this.#take(frame),
        onFailed: (error) => this.#failed(error),
        onUp: (fresh, left) => this.#signalUp(fresh, left),
        onDown: (reason) => this.#down('signal', reason),
        onGone: () => this.#gone(),
      }),
      media: new Link({
        kind: 'media',
        clock,
        ...intervals,
        onFrame: ({ channel, body }) => this.streams.packet(channel, body),
        onFailed: (error) => this.#failed(error),
        onUp: () => {},
        onDown: (reason) => this.#down('media', reason),
        onGone: () => this.streams.clear('the media socket is gone'),
      }),
    };
    this.streams = new Streams({
      clock,
      control: (message) => this.#control(message),
      sendRtp: (stream, packet) => this.links.media.sendRtp(stream, packet),
    });
    this.#http = new HttpAnswers({
      send: (...frame) => this.links.signal.sendPlain(...frame),
      answer: (head) => this.#answer(head),
    });
  }

  get isUp(): boolean {
    return this.links.signal.isUp;
  }

  get lost(): Lost {
    const { signal, media } = this.links;
    return {
      ...this.#counters,
      sipDropped: this.#counters.sipDropped + signal.counters.dropped,
      requestsRefused: this.#http.refused,
      rtpDropped: media.droppedRtp + this.streams.dropped,
      framesFailed: signal.counters.failed + media.counters.failed,
    };
  }

  get flows(): number {
    return this.#flows.size;
  }

  /** Where phones reach the agent by UDP. */
  get sip(): HostPort | undefined {
    return this.at('udp');
  }

  /** Where phones reach it by that transport. */
  at(transport: Flow['transport']): HostPort | undefined {
    return this.status?.sip.find((each) => each.transport === transport)?.address;
  }

  /** TCP and TLS flows live in a connection of the phone's, UDP ones can always be opened. */
  has(flow: Flow): boolean {
    return flow.transport === 'udp' || this.#flows.numberOf(flow) !== undefined;
  }

  send(flow: Flow, message: Uint8Array): boolean {
    if (message.length > maxSipBytes || this.links.signal.isGone) return false;
    if (!this.#knowsFlows) return this.#hold(flow, message);
    const number = this.#flows.numberOf(flow) ?? this.#open(flow);
    return number !== undefined && this.links.signal.sendKept('sip', number, message);
  }

  async openStream(flow: Flow, remote: HostPort, terms?: StreamTerms): Promise<MediaStream> {
    if (this.links.media.isGone) throw new Fault('unavailable', 'the media socket is gone');
    return await this.streams.open(flow, remote, terms);
  }

  /** What has a newer version to say to it. */
  tell(message: Extract<ControlMessage, { type: 'release' | 'upgrade' }>): void {
    this.#control(message);
  }

  /** The controller stops: calls go on, and the agent comes back soon. */
  closing(reason: string): void {
    this.#control({ type: 'closing', reason });
    this.close(1001, reason);
  }

  close(code: number, reason: string): void {
    for (const link of Object.values(this.links)) link.close(code, reason);
    this.#gone();
  }

  // --- the signal link -------------------------------------------------------

  #take(frame: Frame): void {
    if (frame.type === 'sip') {
      const flow = this.#flows.get(frame.channel);
      if (flow === undefined) this.#counters.unknownFlow++;
      else this.#options.onSip(flow, frame.body);
    } else if (frame.type === 'control') {
      const message = decodeControl(frame.body);
      if (message === undefined) this.#counters.unknownControl++;
      else this.#obey(message);
    } else this.#http.take(frame);
  }

  #failed(err: unknown): void {
    this.#options.log.error({ err, agent: this.id, site: this.site }, 'a frame could not be taken');
  }

  #obey(message: ControlMessage): void {
    switch (message.type) {
      case 'status':
        this.status = message;
        this.#options.onStatus?.(message);
        if (message.hears) this.#control({ type: 'hear' });
        if (message.tlsKey !== undefined && !this.#isSigning) void this.#certify(message.tlsKey, message);
        break;
      case 'flows':
        this.#flows.replace(message.flows);
        this.#knowsFlows = true;
        this.#release();
        break;
      case 'flow.open':
        this.#flowOpened(message);
        break;
      case 'flow.close':
        this.#flows.closed(message.flow);
        break;
      case 'media.opened':
        this.streams.opened(message.stream, message.local);
        break;
      case 'media.failed':
        this.streams.failed(message.stream, message.reason);
        break;
      case 'media.report':
        this.streams.report(message.stream, message);
        break;
      case 'heard':
        this.#heard(message);
        break;
      case 'closing':
        this.#options.log.info({ agent: this.id, reason: message.reason }, 'agent stops');
        break;
      default:
        throw new Fault('frame.malformed', `out of contract: ${message.type} from an agent`);
    }
  }

  /** Asks whose MAC is at that address; the answer is a phone that was heard. */
  who(remote: HostPort, said: SaidOfPhone): void {
    if (this.isUp && this.status?.seesNeighbours) this.#control({ type: 'who', remote, ...said });
  }

  #heard({ type: _, ...phone }: Extract<ControlMessage, { type: 'heard' }>): void {
    const url = this.#options.onHeard({ ...phone, agent: this.id, site: this.site });
    if (url !== undefined) this.#control({ type: 'offer', mac: phone.mac, url });
  }

  /** One at a time: what costs a signature is not to be had in floods. Never rejects. */
  async #certify(tlsKey: string, { sip }: AgentStatus): Promise<void> {
    this.#isSigning = true;
    try {
      const addresses = sip
        .filter(({ transport }) => transport === 'tls')
        .map(({ address }) => address.address);
      const chain = await this.#options.sign(tlsKey, [...new Set(addresses)]);
      this.#control({ type: 'certificate', chain });
    } catch (err) {
      this.#options.log.error({ err, agent: this.id }, 'no certificate for an agent');
    } finally {
      this.#isSigning = false;
    }
  }

  #flowOpened(opening: FlowOpening): void {
    // The even ones of a snapshot that was too long for one message come by themselves.
    if (this.#flows.opened(opening)) return;
    this.#counters.flowsRefused++;
    this.#control({ type: 'flow.close', flow: opening.flow });
  }

  #signalUp(fresh: boolean, left: readonly Frame[]): void {
    this.#options.onLink(this.id, this.site, true);
    this.#options.log.info({ agent: this.id, site: this.site, fresh }, 'agent is up');
    if (!fresh) return;
    for (const { type, channel, body } of left) {
      const flow = type === 'sip' ? this.#flows.get(channel) : undefined;
      if (flow !== undefined) this.#hold(flow, body);
    }
    this.#knowsFlows = false;
    this.#flows.clear();
    this.streams.clear('the agent was restarted');
  }

  #down(kind: SocketKind, reason: string): void {
    this.#options.log.warn({ agent: this.id, site: this.site, kind, reason }, 'agent is down');
    if (kind !== 'signal') return;
    this.#http.restart();
    this.#options.onLink(this.id, this.site, false);
  }

  #gone(): void {
    this.#counters.sipDropped += this.#held.length;
    this.#held = [];
    this.#heldBytes = 0;
    this.#knowsFlows = false;
    this.#flows.clear();
    this.streams.clear('the agent is gone');
  }

  // --- sending ---------------------------------------------------------------

  #control(message: ControlMessage): boolean {
    const body = encodeControl(message);
    return body !== undefined && this.links.signal.sendKept('control', 0, body);
  }

  #open(flow: Flow): number | undefined {
    if (flow.transport !== 'udp') return undefined;
    const number = this.#flows.create(flow);
    if (number === undefined) return undefined;
    const { transport, local, remote } = flow;
    if (this.#control({ type: 'flow.open', flow: number, transport, local, remote })) return number;
    this.#flows.closed(number);
    return undefined;
  }

  #hold(flow: Flow, message: Uint8Array): boolean {
    if (this.#heldBytes + message.length > maxHeldBytes) return false;
    this.#held.push({ flow, message });
    this.#heldBytes += message.length;
    return true;
  }

  #release(): void {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const { flow, message } of held) {
      if (!this.send(flow, message)) this.#counters.sipDropped++;
    }
  }

  async #answer(head: RequestHead): Promise<WholeAnswer> {
    const { mac, certificate, ...rest } = head;
    const seen = { ...(mac && { mac }), ...(certificate && { certificate }) };
    try {
      return await this.#options.onHttp({ ...rest, ...seen, agent: this.id, site: this.site });
    } catch (err) {
      this.#options.log.error({ err, agent: this.id }, 'relayed request failed');
      return { status: Fault.is(err, 'unavailable') ? 503 : 500, headers: {}, body: new Uint8Array(0) };
    }
  }
}
