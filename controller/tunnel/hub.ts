/**
 * The hub: where agents come in and what the rest of the controller has of them.
 * To SIP it is `Flows`, to media `MediaPorts`; a flow names its agent, and the
 * hub finds the agent's links, or says that it is not there.
 */

import type { WebSocket } from 'ws';
import type { Agent, Flow } from '#controller/model/model.ts';
import type {
  Changed,
  Flows,
  HeardPhone,
  MediaPorts,
  RelayedAnswer,
  RelayedRequest,
  SaidOfPhone,
  Store,
} from '#controller/model/ports.ts';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { attachSocket } from '#protocol/tunnel/attach.ts';
import type { SocketKind } from '#protocol/tunnel/version.ts';
import { createAuthentication } from './authentication.ts';
import { openIdentity } from './certificate.ts';
import { createEnrolment } from './enrolment.ts';
import { formatInstallLine, guessHost } from './install-line.ts';
import { type ListenerOptions, openListener } from './listener.ts';
import type { Log } from './log.ts';
import { createNonces } from './nonces.ts';
import { type AgentStatus, type Intervals, type Lost, RemoteAgent } from './remote-agent.ts';
import { createSiteCas } from './site-ca.ts';

/** How often one socket may take another's place. */
const takeoverMs = 60_000;
/** Of controller/release. */
export type HubRelease = {
  /** Who signed it. */
  key: string;
  answer: NonNullable<ListenerOptions['download']>;
  /** An agent said how it is; it may be told of a newer version. */
  onStatus(agent: string, status: AgentStatus, tell: RemoteAgent['tell']): void;
};

export type HubOptions = Intervals & {
  listen: HostPort;
  /** As offices reach it, with its port; absent: guessed. */
  publicHost?: string | undefined;
  /** The data folder: tls.key and tls.crt are in it, made on first start. */
  folder: string;
  store: Store;
  clock: Clock;
  log: Log;
  onSip(flow: Flow, bytes: Uint8Array): void;
  onHttp(request: RelayedRequest): Promise<RelayedAnswer>;
  /** A phone asked the LAN of an agent for a config; answers where it is, for one of ours. */
  onHeard?(phone: HeardPhone): string | undefined;
  /** The tunnel of an agent came up, or fell. */
  onLink?(agent: string, site: string, isUp: boolean): void;
  /** TLS ends before us: at a proxy, whose pins these are, or nowhere, on loopback. */
  plain?: { pins: string[] };
  /** How long a socket has to show that it lives before another takes its place. */
  probeMs?: number;
  /** What agents are installed from, and who signed it. */
  release?: HubRelease | undefined;
};

export type AgentSummary = {
  agent: string;
  site: string;
  isUp: boolean;
  version?: string;
  /** What became of the last release it was told of. */
  upgrade?: AgentStatus['upgrade'];
  /** By UDP. */
  sip?: HostPort;
  sipTcp?: HostPort;
  sipTls?: HostPort;
  http?: HostPort;
  https?: HostPort;
  flows: number;
  latencyMs?: number;
  /** Per cent of one core, and bytes. */
  load?: { cpu: number; memory: number };
};

export type HubCounters = {
  /** Refused at the door: no right proof or token. */
  refused: number;
  enrolled: number;
  /** Requests for what is not served here. */
  strayed: number;
  /** Two lived with one key: the newer was refused. */
  duplicates: number;
  /** One with the same key took the place of one that did not answer. */
  takeovers: number;
  /** Something was asked for a flow that is not its agent's site's. */
  forbidden: number;
  /** SIP that came on a flow nobody opened, and that was given up before its agent came. */
  unknownFlow: number;
  /** Control messages of a later version of an agent. */
  unknownControl: number;
  sipDropped: number;
  /** Flows and HTTP requests beyond what an agent may have. */
  flowsRefused: number;
  requestsRefused: number;
  /** RTP that waited for too long, or had no stream. */
  rtpDropped: number;
  /** Frames over which something of ours broke: a line of log says what. */
  framesFailed: number;
};

export interface Hub extends Flows, MediaPorts {
  readonly address: HostPort;
  /** base64url SHA-256 of the SPKI of our public key. */
  readonly pin: string;
  readonly counters: HubCounters;
  /** The printable one-time token; throws `not.found` when there is no such site. */
  createEnrolToken(site: string): Promise<string>;
  /** What an admin pastes in an office to install an agent with that token. */
  installLine(token: string): string;
  /** Its tunnel is closed when this resolves; throws `not.found`. */
  revoke(agent: string): Promise<void>;
  agents(): AgentSummary[];
  /** Asks an agent for the MAC at an address of its LAN: where it knows, `onHeard` is told. */
  who(agent: string, remote: HostPort, said: SaidOfPhone): void;
  /** PEM of the CA that the site's phones are to trust. */
  certificateOf(site: string): Promise<string>;
  close(): Promise<void>;
}

export async function listenHub(options: HubOptions): Promise<Hub> {
  const {
    listen,
    publicHost,
    folder,
    store,
    clock,
    log,
    onSip,
    onHttp,
    onHeard = () => undefined,
    onLink = () => {},
    plain,
    probeMs = 2_000,
    release,
    pingMs,
    deadMs,
    gapMs,
  } = options;
  const intervals: Intervals = {
    ...(pingMs !== undefined && { pingMs }),
    ...(deadMs !== undefined && { deadMs }),
    ...(gapMs !== undefined && { gapMs }),
  };
  const { key, certificate, pin, nextPin } = await openIdentity(folder);
  const siteCas = createSiteCas({ folder, clock });
  const nonces = createNonces(clock);
  const enrolment = createEnrolment({
    store,
    clock,
    pins: plain?.pins ?? [pin, nextPin],
    releaseKey: release?.key,
  });
  const remotes = new Map<string, RemoteAgent>();
  const takenOverAt = new Map<string, number>();
  const own = { duplicates: 0, takeovers: 0, forbidden: 0 };

  function remoteOf(agent: Agent): RemoteAgent {
    const known = remotes.get(agent.id);
    if (known !== undefined) return known;
    const sign = (tlsKey: string, addresses: readonly string[]) =>
      siteCas.sign({ site: agent.site, tlsKey, addresses });
    const onStatus = (status: AgentStatus) =>
      release?.onStatus(agent.id, status, (message) => remote.tell(message));
    const remote = new RemoteAgent({
      agent,
      clock,
      log,
      intervals,
      onSip,
      onHttp,
      onHeard,
      onLink,
      sign,
      onStatus,
    });
    remotes.set(agent.id, remote);
    return remote;
  }

  /** The flow's agent, where flow and agent are of one site and it is not revoked. */
  function ownerOf(flow: Flow): RemoteAgent | undefined {
    const remote = remotes.get(flow.agent) ?? expected(flow.agent);
    if (remote === undefined || remote.site === flow.site) return remote;
    own.forbidden++;
    return undefined;
  }

  /** An agent that has not come yet: for the length of a gap after our start, what is for it waits. */
  function expected(id: string): RemoteAgent | undefined {
    const agent = store.get('agents', id);
    return agent === undefined || agent.revokedAt !== undefined ? undefined : remoteOf(agent);
  }

  function drop(id: string, reason: string): void {
    const remote = remotes.get(id);
    remotes.delete(id);
    takenOverAt.delete(`${id} signal`);
    takenOverAt.delete(`${id} media`);
    remote?.close(1008, reason);
  }

  function changed({ collection, id, after }: Changed): void {
    const remote = remotes.get(id);
    if (collection !== 'agents' || remote === undefined) return;
    const now = after as Agent | undefined;
    if (now === undefined || now.revokedAt !== undefined) drop(id, 'revoked');
    else if (now.site !== remote.site) drop(id, 'moved to another site');
  }

  /** Of two with one key the newer wins only where the older is dead, and not again and again. */
  async function admit(agent: Agent, kind: SocketKind): Promise<boolean> {
    const link = remotes.get(agent.id)?.links[kind];
    if (link === undefined || !link.isUp) return true;
    const answers = await link.probe(probeMs);
    if (!link.isUp) return isStillWelcome(agent.id);
    const name = `${agent.id} ${kind}`;
    const isSoon = clock.now() - (takenOverAt.get(name) ?? Number.NEGATIVE_INFINITY) < takeoverMs;
    if (answers || isSoon) {
      own.duplicates++;
      log.error({ agent: agent.id, site: agent.site, kind }, 'two agents with one key: the newer is refused');
      return false;
    }
    own.takeovers++;
    takenOverAt.set(name, clock.now());
    log.warn(
      { agent: agent.id, site: agent.site, kind },
      'agent did not answer: a newer one takes its place',
    );
    return isStillWelcome(agent.id);
  }

  const isStillWelcome = (id: string) => {
    const agent = store.get('agents', id);
    return agent !== undefined && agent.revokedAt === undefined;
  };

  function onSocket(agent: Agent, kind: SocketKind, socket: WebSocket): void {
    attachSocket(remoteOf(agent).links[kind], socket, clock);
  }

  const listener = await openListener({
    listen,
    ...(plain === undefined && { tls: { key, certificate }, nextPin }),
    authenticate: createAuthentication({ store, nonces }),
    nonces,
    enrolment,
    clock,
    log,
    admit,
    onSocket,
    ...(release && { download: release.answer }),
  });
  const unwatch = store.watch((changes) => changes.forEach(changed));
  for (const agent of store.list('agents')) expected(agent.id);
  let closing: Promise<void> | undefined;

  return {
    address: listener.address,
    pin,
    get counters() {
      return { ...listener.counters, ...own, ...sum([...remotes.values()].map(({ lost }) => lost)) };
    },
    createEnrolToken: enrolment.createToken,
    installLine: (token) => formatInstallLine(publicHost ?? guessHost(listener.address), token),

    send: (flow, message) => ownerOf(flow)?.send(flow, message) ?? false,
    isUp(flow) {
      const remote = ownerOf(flow);
      return remote?.isUp === true && remote.has(flow);
    },
    toAddress(site, remote) {
      for (const agent of remotes.values()) {
        const local = agent.isUp && agent.site === site ? agent.sip : undefined;
        if (local !== undefined) return { agent: agent.id, site, transport: 'udp', local, remote };
      }
      return undefined;
    },
    async open(flow, remote, terms) {
      const agent = ownerOf(flow);
      if (agent === undefined) throw new Fault('unavailable', 'no such agent');
      return await agent.openStream(flow, remote, terms);
    },

    async revoke(id) {
      const kept = store.get('agents', id);
      if (kept === undefined) throw new Fault('not.found', `no agent ${id}`, { noun: 'agent', id });
      const { revision, ...agent } = kept;
      if (agent.revokedAt === undefined) {
        const value = { ...agent, revokedAt: clock.wall() };
        await store.commit([{ type: 'put', collection: 'agents', value, expect: revision }]);
      }
      drop(id, 'revoked');
    },

    agents: () =>
      store
        .list('agents')
        .filter(({ revokedAt }) => revokedAt === undefined)
        .map(({ id, site }) => summaryOf(id, site, remotes.get(id))),

    who: (agent, remote, said) => remotes.get(agent)?.who(remote, said),
    certificateOf: siteCas.certificateOf,

    close() {
      if (closing === undefined) {
        unwatch();
        for (const remote of remotes.values()) remote.closing('the controller stops');
        closing = listener.close();
      }
      return closing;
    },
  };
}

function sum(all: readonly Lost[]): Lost {
  const total = {
    unknownFlow: 0,
    unknownControl: 0,
    sipDropped: 0,
    flowsRefused: 0,
    requestsRefused: 0,
    rtpDropped: 0,
    framesFailed: 0,
  };
  for (const each of all) for (const name of keysOf(total)) total[name] += each[name];
  return total;
}

const keysOf = Object.keys as <T extends object>(of: T) => (keyof T)[];

function summaryOf(agent: string, site: string, remote: RemoteAgent | undefined): AgentSummary {
  const { status, sip } = remote ?? {};
  const [sipTcp, sipTls] = [remote?.at('tcp'), remote?.at('tls')];
  const latencyMs = remote?.links.signal.latencyMs;
  return {
    agent,
    site,
    isUp: remote?.isUp ?? false,
    flows: remote?.flows ?? 0,
    ...(status && { version: status.version, http: status.http }),
    ...(status?.https && { https: status.https }),
    ...(status?.upgrade && { upgrade: status.upgrade }),
    ...(sip && { sip }),
    ...(sipTcp && { sipTcp }),
    ...(sipTls && { sipTls }),
    ...(latencyMs !== undefined && { latencyMs }),
    ...(status?.load && { load: status.load }),
  };
}
