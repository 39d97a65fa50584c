/**
 * Who sends RTP to whom: for each call, from the SDP that passes, whether its
 * media goes from phone to phone or through their agents, and what came of it.
 *
 *     same site                       direct, the SDP untouched
 *     same site, `media: agent`       through the agent, which joins the two streams
 *     different sites                 agent - controller - agent
 *     the login line                  not ours: it has streams of its own
 *     a gateway of the site           within the site, and rather direct than not at all
 *
 * A call is known by its branch until it is answered, then by its tags. Memory
 * only: after a restart of the controller the streams are gone with it, a BYE
 * still finds its way, and the next offer in a call (hold, a session refresh)
 * opens new ones.
 */

import { hash } from 'node:crypto';
import type { CallMedia, DeskQuality, MediaEnd, MediaPorts, Passage } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { type CallReport, createHistory } from './history.ts';
import { createQuality } from './quality.ts';
import { Relay, type SideNumber } from './relay.ts';
import { sdpIn } from './sdp-body.ts';

type Log = Record<'debug' | 'info' | 'warn', (facts: object, message: string) => void>;

export type CallMediaOptions = {
  ports: MediaPorts;
  /** Whether a site's phones reach each other by themselves. */
  mediaOf(site: string): 'direct' | 'agent';
  clock: Clock;
  log: Log;
  /** One was answered, or is over. */
  onCall?(call: { id: string; sites: readonly string[] }): void;
  maxCalls?: number;
  /** How many ended calls are remembered. */
  keep?: number;
  silentMs?: number;
  /** No RTP for so long and a session timer that ran out: over. */
  idleMs?: number;
  /** No RTP for so long: over, held or not. */
  maxIdleMs?: number;
};

export type OpenCallMedia = CallMedia & {
  readonly counters: Readonly<ReturnType<typeof createCounters>>;
  /** Calls in progress, then those that ended; of both the latest first. */
  calls(): CallReport[];
  /** How calls were at each desk, those that are over. */
  quality(): DeskQuality[];
  close(): void;
};

/** A passage from phone to phone: the login line has streams of its own. */
type Between = Passage & { from: MediaEnd; to: MediaEnd };

type Call = {
  id: string;
  callId: string;
  callerTag: string;
  ends: readonly [MediaEnd, MediaEnd];
  relay: Relay | undefined;
  dialogs: Set<string>;
  /** If that one fails, there was no call. */
  begunBy: string;
  startedAt: number;
  since: number | undefined;
  /** When signalling was last seen. */
  seenAt: number;
  /** By the session timer (RFC 4028); undefined: it has none. */
  refreshBy: number | undefined;
};

const sweepMs = 1_000;
/** Longer than any phone rings. */
const maxRingMs = 600_000;
/** What goes from phone to phone is not seen here: it is taken to be over after as long as the proxy does. */
const maxDirectMs = 4 * 3_600_000;
/** An INVITE that forks behind a gateway: so many answers are one call's. */
const maxDialogs = 16;

export function createCallMedia({
  ports,
  mediaOf,
  clock,
  log,
  onCall = () => {},
  maxCalls = 5_000,
  keep = 200,
  silentMs = 5_000,
  idleMs = 30_000,
  maxIdleMs = 3_600_000,
}: CallMediaOptions): OpenCallMedia {
  const counters = createCounters();
  const branches = new Map<string, Call>();
  const dialogs = new Map<string, Call>();
  const calls = new Set<Call>();
  const history = createHistory({ keep });
  const quality = createQuality();

  // --- which call -------------------------------------------------------------------

  function callOf({ message, branch, from, to }: Between): Call | undefined {
    const call = dialogs.get(dialogKey(message)) ?? branches.get(branch);
    if (call === undefined) return undefined;
    // Tags can be copied from another call; where a message comes from cannot.
    const [near, far] = sidesOf(message, call);
    return isAt(from, call.ends[near]) && isAt(to, call.ends[far]) ? call : undefined;
  }

  function begin({ message, branch, from, to }: Between, isFirst: boolean): Call | undefined {
    const ends = message.start.type === 'request' ? ([from, to] as const) : ([to, from] as const);
    if (calls.size >= maxCalls) {
      counters.refused++;
      // Media that needs nothing of us goes on unwatched, and so does a call for help.
      if (!isThroughAgents(ends) || from.isGateway || to.isGateway) return undefined;
      throw new Fault('limit.reached', 'too many calls at once', { maxCalls });
    }
    const call: Call = {
      id: hash('sha256', `${message.callId} ${branch}`, 'hex').slice(0, 12),
      callId: message.callId,
      callerTag: message.from.params.get('tag') ?? '',
      ends,
      relay: undefined,
      dialogs: new Set(),
      begunBy: branch,
      startedAt: clock.wall(),
      since: undefined,
      seenAt: clock.now(),
      refreshBy: undefined,
    };
    if (isThroughAgents(ends)) {
      call.relay = new Relay({ ends, ports, clock, onLost: () => lost(call) });
    }
    calls.add(call);
    if (!isFirst) remember(call, message);
    return call;
  }

  function isThroughAgents([caller, callee]: Call['ends']): boolean {
    if (caller.flow.site !== callee.flow.site) return true;
    if (mediaOf(caller.flow.site) !== 'agent') return false;
    const isGateway = caller.isGateway || callee.isGateway;
    return !isGateway || caller.flow.agent === callee.flow.agent;
  }

  function remember(call: Call, message: SipMessage): void {
    if (!message.to.params.has('tag')) return;
    const key = dialogKey(message);
    if (call.dialogs.size >= maxDialogs && !call.dialogs.has(key)) return;
    call.dialogs.add(key);
    dialogs.set(key, call);
  }

  // --- what passes ------------------------------------------------------------------

  function pass(passage: Between): Promise<void> | undefined {
    const { message, branch } = passage;
    const known = callOf(passage);
    if (isRequest(message, 'BYE')) {
      if (known !== undefined) end(known, 'bye');
      return undefined;
    }
    const call = known ?? tryBegin(passage);
    if (call === undefined) return undefined;
    if (call instanceof Fault) return Promise.reject(call);
    call.seenAt = clock.now();
    if (message.start.type === 'response') answered(call, message, message.start.status);
    else if (!isRequest(message, 'ACK')) branches.set(branch, call);
    return rewrite(call, passage);
  }

  /** By an INVITE, or by SDP in a dialog that is not known any more. */
  function tryBegin(passage: Between): Call | Fault | undefined {
    const { message } = passage;
    const isFirst = isRequest(message, 'INVITE') && !message.to.params.has('tag');
    if (!isFirst && sdpIn(message) === undefined) return undefined;
    try {
      return begin(passage, isFirst);
    } catch (error) {
      if (!Fault.is(error)) throw error;
      return error;
    }
  }

  function answered(call: Call, message: SipMessage, status: number): void {
    remember(call, message);
    const { method } = message.cseq;
    if (status < 200 || status >= 300 || (method !== 'INVITE' && method !== 'UPDATE')) return;
    const seconds = Number(/^\s*(\d{1,6})/.exec(message.get('Session-Expires') ?? '')?.[1]);
    call.refreshBy = seconds > 0 ? clock.now() + seconds * 1_000 : undefined;
    if (call.since !== undefined || method === 'UPDATE') return;
    call.since = clock.wall();
    counters.calls++;
    if (call.relay === undefined) counters.direct++;
    onCall(reportOf(call));
  }

  function rewrite(call: Call, { message, from, to }: Between): Promise<void> | undefined {
    const sdp = call.relay && sdpIn(message);
    if (sdp === 'unclear' && call.relay?.size === 0) {
      counters.unclear++;
      call.relay = undefined;
    }
    const { relay } = call;
    if (relay === undefined) return undefined;
    if (sdp === undefined || sdp === 'unclear') return relay.opening;
    const [near] = sidesOf(message, call);
    const isForHelp = from.isGateway || to.isGateway;
    const refused = (error: unknown) => {
      if (!Fault.is(error)) throw error;
      counters[error.code === 'sdp.malformed' ? 'malformed' : 'unavailable']++;
      log.warn({ call: call.callId, code: error.code, reason: error.message }, 'no media for a call');
      if (!isForHelp) throw error;
    };
    try {
      const passed = relay.pass(near, sdp.bytes);
      if (passed instanceof Promise) return passed.then(sdp.put, refused);
      sdp.put(passed);
      return undefined;
    } catch (error) {
      return Promise.reject(error).catch(refused);
    }
  }

  // --- its end ----------------------------------------------------------------------

  function end(call: Call, why: 'bye' | 'refused' | 'idle' | 'closed'): void {
    if (!calls.delete(call)) return;
    for (const key of call.dialogs) if (dialogs.get(key) === call) dialogs.delete(key);
    call.relay?.close();
    if (call.since === undefined) return;
    if (why === 'idle') counters.idle++;
    const report = reportOf(call, clock.wall());
    history.add(report);
    quality.add(report);
    onCall(report);
    const { from, to, sites, media, streams } = report;
    const ms = clock.wall() - call.since;
    log.info({ call: call.callId, from, to, sites, media, why, ms, streams }, 'call ended');
  }

  function lost(call: Call): void {
    counters.lost++;
    log.warn({ call: call.callId, id: call.id }, 'media of a call lost until its next offer');
  }

  function watch(call: Call): void {
    const { relay, since, refreshBy } = call;
    for (const { kind, from } of relay?.newlySilent({ isUp: since !== undefined, afterMs: silentMs }) ?? []) {
      counters.silences++;
      const { user } = call.ends[from];
      log.warn({ call: call.callId, user, kind, ms: silentMs }, 'no RTP');
    }
    const lastAt = Math.max(relay?.lastAt ?? 0, call.seenAt);
    const idle = clock.now() - lastAt;
    const isUnrefreshed = refreshBy !== undefined && clock.now() > refreshBy;
    const patience = since === undefined ? maxRingMs : relay === undefined ? maxDirectMs : maxIdleMs;
    if ((isUnrefreshed && idle >= idleMs) || idle >= patience) end(call, 'idle');
  }

  let cancelSweep = clock.after(sweepMs, sweep);
  function sweep(): void {
    for (const call of calls) watch(call);
    cancelSweep = clock.after(sweepMs, sweep);
  }

  return {
    counters,
    pass: (passage) => (isBetween(passage) ? pass(passage) : undefined),
    settled(branch, isSuccess) {
      const call = branches.get(branch);
      branches.delete(branch);
      if (!isSuccess && call?.begunBy === branch && call.since === undefined) end(call, 'refused');
    },
    calls: () => [
      ...[...calls]
        .reverse()
        .filter(({ since }) => since !== undefined)
        .map((call) => reportOf(call)),
      ...history.list(),
    ],
    quality: quality.list,
    close() {
      cancelSweep();
      for (const call of calls) end(call, 'closed');
    },
  };
}

function createCounters() {
  return {
    /** Answered. */
    calls: 0,
    /** Of those, from phone to phone. */
    direct: 0,
    /** No RTP for a time on a stream that should flow. */
    silences: 0,
    /** Streams gone with their agent. */
    lost: 0,
    /** Given up without a BYE. */
    idle: 0,
    /** SDP that could not be read where it had to be. */
    malformed: 0,
    /** A multipart body that cannot be taken apart, or has two of them: left alone, the media goes direct. */
    unclear: 0,
    /** No stream could be opened. */
    unavailable: 0,
    /** Over a bound on calls. */
    refused: 0,
  };
}

function reportOf(call: Call, endedAt?: number): CallReport {
  const { id, ends, relay, since = call.startedAt } = call;
  const [{ user: from, device: caller }, { user: to, device: called }] = ends;
  return {
    id,
    from,
    to,
    devices: { ...(caller !== undefined && { from: caller }), ...(called !== undefined && { to: called }) },
    sites: [...new Set(ends.map(({ flow }) => flow.site))],
    agents: [...new Set(ends.map(({ flow }) => flow.agent))],
    since: new Date(since).toISOString(),
    ...(endedAt !== undefined && { endedAt: new Date(endedAt).toISOString() }),
    media: relay === undefined ? 'direct' : relay.isJoined ? 'agent' : 'controller',
    streams: (relay?.reports() ?? []).map(({ from: side, ...report }) => ({
      ...report,
      from: side === 0 ? from : to,
      to: side === 0 ? to : from,
    })),
  };
}

/** The side a message comes from and the one it goes to: From is the requester's, also in a response. */
function sidesOf(message: SipMessage, { callerTag }: Call): [SideNumber, SideNumber] {
  const isByCaller = message.from.params.get('tag') === callerTag;
  return isByCaller === (message.start.type === 'request') ? [0, 1] : [1, 0];
}

/** A phone's TCP connection may have come again from another port. */
const isAt = (end: MediaEnd, { flow }: MediaEnd) =>
  end.flow.agent === flow.agent && end.flow.remote.address === flow.remote.address;

/** Equal for both directions: tags in order. */
function dialogKey(message: SipMessage): string {
  const { callId, from, to } = message;
  const [one, other] = [from.params.get('tag') ?? '', to.params.get('tag') ?? ''];
  return one < other ? `${callId} ${one} ${other}` : `${callId} ${other} ${one}`;
}

const isBetween = (passage: Passage): passage is Between =>
  passage.from !== undefined && passage.to !== undefined;

const isRequest = ({ start }: SipMessage, method: string) =>
  start.type === 'request' && start.method === method;
