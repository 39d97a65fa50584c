/**
 * What the rooms of the controller ask of each other: small interfaces, so
 * that SIP knows no tunnel, the login call no SIP and the sessions neither.
 * controller/controller.ts puts the real things behind them.
 */

import type { HostPort } from '#protocol/address.ts';
import type { ReceptionReport } from '#protocol/media/reception.ts';
import type { StreamTerms } from '#protocol/media/stream.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import type {
  CollectionName,
  Device,
  Documents,
  EmergencyCall,
  Flow,
  How,
  Session,
  Site,
  User,
} from './model.ts';

// --- store -------------------------------------------------------------------

/** A document as the store keeps it: frozen, with the revision that `expect` compares. */
export type Kept<T> = Readonly<T> & { readonly revision: number };

export type Change = {
  [C in CollectionName]:
    | { type: 'put'; collection: C; value: Documents[C]; expect?: number | 'absent' }
    | { type: 'delete'; collection: C; id: string; expect?: number };
}[CollectionName];

/** Tells what a commit changed: `before` and `after` are absent for a new and a deleted document. */
export type Changed = {
  collection: CollectionName;
  id: string;
  before?: Kept<Documents[CollectionName]>;
  after?: Kept<Documents[CollectionName]>;
};

/**
 * Truth. Reads are from memory and never wait. `commit` is atomic over all its
 * changes, resolves when they are on disk, and only then are they readable.
 */
export interface Store {
  get<C extends CollectionName>(collection: C, id: string): Kept<Documents[C]> | undefined;
  list<C extends CollectionName>(collection: C): readonly Kept<Documents[C]>[];
  /** Throws `conflict` (expect not met; nothing is changed), `store.failed` (not saved), `input.invalid`. */
  commit(changes: readonly Change[]): Promise<void>;
  /** As `commit`, but readable at once and not waited for: for bindings, which a crash may set back a moment. */
  note(changes: readonly Change[]): void;
  watch(listener: (changes: readonly Changed[]) => void): () => void;
  close(): Promise<void>;
}

// --- flows and media, offered by controller/tunnel -----------------------------

/** `agent transport local remote`: equal for the same path before and after restarts of either side. */
export type FlowKey = string;

export interface Flows {
  /** False: the flow's agent is not there (and has not been for longer than a gap). */
  send(flow: Flow, message: Uint8Array): boolean;
  isUp(flow: Flow): boolean;
  /** A flow to an address on a site's LAN that an admin configured; undefined when no agent of the site is up. */
  toAddress(site: string, remote: HostPort): Flow | undefined;
}

export interface MediaStream {
  /** What goes into the SDP: the agent's address and port on the phone's LAN. */
  readonly local: HostPort;
  /** RTP the phone sent, from the signalled address only. */
  onPacket: (packet: Uint8Array) => void;
  /** The same of RTCP. */
  onRtcp?: (packet: Uint8Array) => void;
  /** Of a joined stream, every few seconds: what came from the phone. */
  onReport?: (report: ReceptionReport) => void;
  /** The agent is gone, or away for longer than a gap: nothing comes or goes any more. */
  onLost?: () => void;
  /** RTP and RTCP; the bytes are kept, not copied. */
  send(packet: Uint8Array): void;
  /** The phone said its port, or moved to another. Throws `forbidden` as `open` does. */
  retarget(remote: HostPort, rtcpPort?: number): void;
  /** The packets of this phone go to that one's, and back, within the agent; false: not of one agent. */
  join(other: MediaStream): boolean;
  close(): void;
}

export interface MediaPorts {
  /**
   * RTP between the phone behind `flow`, at `remote`, and us; port 0: not said yet, `retarget` will.
   * Rejects with `forbidden`, `unavailable` or `limit.reached`.
   */
  open(flow: Flow, remote: HostPort, terms?: StreamTerms): Promise<MediaStream>;
}

// --- the media of calls, offered by controller/media, asked by controller/sip -----------------

/** No agent: the flow is the controller's own way to an upstream. */
export const noAgent = '';

/** One end of a call: a phone or gateway at the end of a flow, or an upstream. */
export type MediaEnd = {
  flow: Flow;
  /** Its SDP says where its media is: a PBX may have servers for it. A phone's is believed its port only. */
  namesItsMedia?: true;
  /** An extension, a device's name or a number. */
  user: string;
  /** Its name; absent: no desk of ours. */
  device?: string;
  /** A call for help: rather direct media than no call. */
  isGateway: boolean;
};

/** A message on its way, as `to` shall get it: its body may be changed in place. */
export type Passage = {
  message: SipMessage;
  /** Undefined: the login line, which has streams of its own. */
  from: MediaEnd | undefined;
  to: MediaEnd | undefined;
  /** Of the request as it was sent on: the same for a request and its responses. */
  branch: string;
};

/** May this SDP be touched, and what becomes of it. */
export interface CallMedia {
  /**
   * Nothing: go on at once. A promise: not before it resolves; where it rejects
   * (`sdp.malformed`, `unavailable`, `limit.reached`) a request must not go on.
   */
  pass(passage: Passage): Promise<void> | undefined;
  /** The branch of an INVITE, UPDATE or PRACK has its final answer. */
  settled(branch: string, isSuccess: boolean): void;
}

// --- call quality, offered by controller/media --------------------------------------------------

/** Of streams one way. */
export type StreamSum = {
  packets: number;
  lost: number;
  /** The worst of any stream, as RFC 3550 counts it. */
  jitterMs: number;
  /** How often nothing came for too long where something should. */
  silences: number;
};

export type DeskQuality = {
  device: string;
  calls: number;
  lastAt: string;
  heard: StreamSum;
  sent: StreamSum;
};

// --- upstreams, offered by controller/sip, shown by controller/api ------------------------------

export type AddressHealth = { address: HostPort; state: 'unknown' | 'up' | 'down'; since: number };

/** A user at a PBX. */
export type RegistrationState = {
  extension: string;
  upstream: string;
  state: 'trying' | 'registered' | 'refused' | 'failed';
  /** Of the last answer; absent: none came. */
  status?: number;
  /** When the state began, and when it is tried again or refreshed. */
  since: number;
  nextAt?: number;
};

export type UpstreamShown = {
  addresses: readonly AddressHealth[];
  registrations: readonly RegistrationState[];
  /** Why there is no socket towards it. */
  problem?: string;
};

// --- HTTP that an agent relays ---------------------------------------------------

/** A phone's request for a file, as its agent heard it. `agent` and `site` are from the tunnel, the rest is hostile. */
export type RelayedRequest = {
  agent: string;
  site: string;
  method: 'GET' | 'HEAD';
  path: string;
  /** Names in small letters. */
  headers: Record<string, string>;
  remote: HostPort;
  /** From the agent's neighbour table: only of phones on its own subnet. */
  mac?: string;
  /** What the phone showed by HTTPS, base64 DER; it has proven to have its key. */
  certificate?: string;
};

export type RelayedAnswer = { status: number; headers: Record<string, string>; body: Uint8Array };

// --- phones that agents hear ------------------------------------------------------

/** What a phone says of itself, at most 64 characters each. */
export type SaidOfPhone = {
  vendor?: string | undefined;
  model?: string | undefined;
  version?: string | undefined;
};

/** A phone that asked its LAN for a config. `agent` and `site` are from the tunnel, the rest is hostile. */
export type HeardPhone = SaidOfPhone & {
  agent: string;
  site: string;
  mac: string;
  /** How: multicast (SIP PnP), a request for a file without a token, or SIP of nobody we know. */
  by: 'pnp' | 'http' | 'sip';
  remote: HostPort;
};

/** Who sent SIP and is no device of ours. `flow` is from the tunnel, the rest is hostile. */
export type SipStranger = {
  flow: Flow;
  userAgent: string;
  /** As it says in a Mac header, in its User-Agent or in its instance (RFC 5626, 4.1). */
  mac?: string;
  /** User part of From. */
  user: string;
};

// --- sessions, asked by ivr, sip and api ---------------------------------------

export type PinAnswer = 'right' | 'wrong';

export interface Sessions {
  /**
   * One answer and one duration for every reason to refuse: unknown extension,
   * hot desking off, locked, wrong PIN. `right` means `login` may follow.
   */
  checkPin(device: string, extension: string, pin: string): Promise<PinAnswer>;
  /** On disk when it resolves. Throws `not.found`, `forbidden` (policy `refuse`, hot desking off). */
  login(device: string, extension: string, how: How): Promise<Session>;
  /** On disk when it resolves; answers the session that ended, undefined when there was none. */
  logout(device: string, how: How): Promise<Session | undefined>;
}

export type ChangeOverState = 'pending' | 'sent' | 'fetched' | 'active' | 'stuck';

/** How far a committed session, or an edit, is from being shown on the phone. `ms` since the commit. */
export type ChangeOver = { state: ChangeOverState; reason?: string; ms: number };

/** Of a model of phone, since the program started; all 0 while `count`, of those that reached `active`, is. */
export type ChangeOverTimes = {
  vendor: string;
  model: string;
  count: number;
  /** How many took longer than they may, whether they got there later or not. */
  stuck: number;
  minMs: number;
  medianMs: number;
  maxMs: number;
};

/** What SIP and provisioning tell of a device, so that a change-over can be proven. */
export interface ChangeOvers {
  of(device: string): ChangeOver;
  /** Of each model that had one. */
  times(): readonly ChangeOverTimes[];
  /** The phone fetched the config file whose ETag this is. */
  fetched(device: string, etag: string): void;
  /** The phone registered `aor` with the secret of `generation`. */
  registered(device: string, aor: string, generation: number): void;
  /** A call of the device ended: what waited for the phone to be free may go on. */
  callEnded(device: string): void;
}

/** Documents as they were before they were edited. */
export type ConfigBefore = { device?: Device; user?: User; site?: Site };

/** Of the device's own config file as it would be answered now, or with what was; undefined: none can be written. */
export type ConfigEtag = (device: string, before?: ConfigBefore) => string | undefined;

/** Sends check-sync to where the device is registered. Answers what became of it. */
export type Resync = (device: string) => Promise<'answered' | 'unregistered' | 'busy' | 'no-answer'>;

// --- the login call, offered by controller/ivr, used by controller/sip -------------

/** What the proxy knows of a login call before the IVR sees its INVITE. */
export type LoginCall = {
  device: string;
  site: string;
  flow: Flow;
  /** No `extension`: the code was dialled bare, the IVR asks for it. */
  request: { type: 'login'; extension?: string } | { type: 'logout' } | { type: 'say'; prompt: SaidPrompt };
};

/** What the line says to who did not want to log in: how an emergency call, or the test of one, went. */
export type SaidPrompt = 'noHelp' | 'testPassed' | 'testFailed';

/** The IVR as a SIP peer in the same process: whole messages in, whole messages out, nothing lost on the way. */
export interface LoginLine {
  /** Told before the INVITE; `branch` is that of its top Via. */
  expect(branch: string, call: LoginCall): void;
  receive(message: Uint8Array): void;
  onSend: (message: Uint8Array) => void;
}

// --- emergency, offered by controller/sip and controller/emergency ----------------

/** One step of the test of a route; `detail` is for people. */
export type EmergencyStep = { route: string; step: string; ok: boolean; detail: string };

/** `ok`: every step of every route. */
export type EmergencyReport = { ok: boolean; device: string | null; number: string; steps: EmergencyStep[] };

/** What the API asks of both. */
export interface Emergencies {
  /** The latest first. */
  calls(): readonly EmergencyCall[];
  test(site: Site, device?: Device): Promise<EmergencyReport>;
  /** Why a call from there might go nowhere, or tell nobody where to come: sentences. */
  siteProblems(site: Site): string[];
  deviceProblems(device: Device): string[];
  webhookSecret(site: string): string;
  /** Whether a place can be fetched by reference. */
  readonly hasLocationUrl: boolean;
  /** The PIDF-LO behind a token; undefined: no such token. */
  placeBehind(token: string): string | undefined;
}

// --- a SIP trace on demand, offered by controller/sip ------------------------------

export type Traced = {
  /** Milliseconds since 1970. */
  at: number;
  /** As the controller sees it. */
  direction: 'in' | 'out';
  /** An agent's id, or an upstream's. */
  by: string;
  transport: 'udp' | 'tcp' | 'tls';
  local: HostPort;
  remote: HostPort;
  bytes: Buffer;
};

export type TraceStart = {
  minutes: number;
  /** Only messages that hold this: a Call-ID, a number, an address. */
  contains?: string;
  /** Where Homer takes HEP3, by UDP. */
  hep?: HostPort;
};

export type TraceStatus = {
  /** Milliseconds since 1970; absent while it is off. */
  until?: number;
  contains?: string;
  messages: number;
  /** What the ring had no room for any more. */
  dropped: number;
};

export interface Trace {
  /** What was kept before is gone. */
  start(start: TraceStart): void;
  /** What was kept stays, until the next start. */
  stop(): void;
  status(): TraceStatus;
  messages(): readonly Traced[];
  /** The messages as a file of libpcap's format. */
  capture(): Uint8Array<ArrayBuffer>;
}
