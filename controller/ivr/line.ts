/**
 * The login line: the SIP peer behind the login and logout codes.
 *
 *     proxy   expect(branch, call)       who is calling, and for what
 *             receive(INVITE)            → call for that branch, or 403
 *                                        → SDP agreed and a stream opened, or 488, 480
 *             ← 200, receive(ACK)        → the dialogue begins
 *             ← BYE                      when it is over, or after two minutes
 *
 * Nothing here knows why a PIN is wrong, and no digit is ever logged.
 */

import type { LoginCall, LoginLine, MediaPorts, Sessions, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { type Dialogue, type Log, startDialogue } from './dialogue.ts';
import { readInfoDigit } from './info-digit.ts';
import { createLeg, type LegCall } from './leg.ts';
import type { Outcome, Prompt } from './machine.ts';
import { loadVoices, type Voices } from './prompts.ts';
import { createTalk, type Talk } from './talk.ts';

/** Of the digits before the ACK: more than anybody can type by then. */
const maxEarly = 16;

export type LoginLineOptions = {
  sessions: Sessions;
  store: Pick<Store, 'get'>;
  media: MediaPorts;
  clock: Clock;
  log: Log;
  voices?: Voices;
  /** Announced and not come yet: the oldest is forgotten. */
  maxExpected?: number;
  maxCalls?: number;
  /** One phone cannot take all the calls there are. */
  maxCallsPerDevice?: number;
  maxCallMs?: number;
};

export type LoginLineCounters = {
  calls: number;
  /** INVITEs nobody announced. */
  unexpected: number;
  /** Over a bound on calls. */
  busy: number;
  /** No offer, no codec or no telephone events in common. */
  unacceptable: number;
  /** No stream could be opened. */
  unavailable: number;
  /** Messages sip.js could not take. */
  malformed: number;
  /** Packets on our streams that were no RTP. */
  junk: number;
  /** INFO in which there was no digit. */
  unread: number;
  /** Digits that a phone sent twice, as an event and in an INFO. */
  doubled: number;
};

export type OpenLoginLine = LoginLine & {
  readonly counters: Readonly<LoginLineCounters>;
  readonly size: number;
  close(): Promise<void>;
};

type Running = { call: LoginCall; end: (outcome: Outcome) => void };

export function createLoginLine({
  sessions,
  store,
  media,
  clock,
  log,
  voices = loadVoices(),
  maxExpected = 100,
  maxCalls = 100,
  maxCallsPerDevice = 2,
  maxCallMs = 120_000,
}: LoginLineOptions): OpenLoginLine {
  const expected = new Map<string, LoginCall>();
  const running = new Set<Running>();
  const counters: LoginLineCounters = {
    calls: 0,
    unexpected: 0,
    busy: 0,
    unacceptable: 0,
    unavailable: 0,
    malformed: 0,
    junk: 0,
    unread: 0,
    doubled: 0,
  };

  const line: OpenLoginLine = {
    counters,
    get size() {
      return running.size;
    },
    expect(branch, call) {
      expected.set(branch, call);
      if (expected.size <= maxExpected) return;
      const [oldest] = expected.keys();
      if (oldest !== undefined) expected.delete(oldest);
    },
    receive(message) {
      try {
        leg.receive(Buffer.from(message.buffer, message.byteOffset, message.length).toString());
      } catch (err) {
        counters.malformed++;
        log.debug({ err }, 'login line: message not understood');
      }
    },
    onSend() {},
    async close() {
      for (const { end } of running) end('abandoned');
      await leg.close();
    },
  };

  const leg = createLeg({ log, onCall, send: (message) => line.onSend(Buffer.from(message)) });

  function onCall(incoming: LegCall): void {
    const call = expected.get(incoming.branch);
    expected.delete(incoming.branch);
    if (call === undefined) {
      counters.unexpected++;
      incoming.reject(403);
      return;
    }
    const ofDevice = [...running].filter((other) => other.call.device === call.device).length;
    if (running.size >= maxCalls || ofDevice >= maxCallsPerDevice) {
      counters.busy++;
      incoming.reject(486);
      return;
    }
    counters.calls++;
    void serve(incoming, call);
  }

  /** Never rejects: whatever goes wrong ends this call and no other. */
  async function serve(incoming: LegCall, call: LoginCall): Promise<void> {
    const began = clock.now();
    const facts = { device: call.device, callId: incoming.callId };
    const language = store.get('sites', call.site)?.language ?? 'en';
    let dialogue: Dialogue | undefined;
    /** Digits that were quicker than the ACK: they come by another socket of the tunnel. */
    let early = '';

    const talk = createTalk({
      flow: call.flow,
      media,
      clock,
      sendsInfo: incoming.sendsInfo,
      onDigit(digit) {
        if (dialogue !== undefined) dialogue.feed({ type: 'digit', digit });
        else early = (early + digit).slice(0, maxEarly);
      },
      onPlayed: () => dialogue?.feed({ type: 'said' }),
      onLost() {
        log.info(facts, 'login call lost its agent');
        hangUp();
      },
    });
    const entry: Running = { call, end };
    running.add(entry);
    const stopWatch = clock.after(maxCallMs, () => {
      log.info(facts, 'login call took too long');
      hangUp();
    });

    function end(outcome: Outcome): void {
      if (!running.delete(entry)) return;
      stopWatch();
      talk.close();
      counters.junk += talk.junk;
      counters.doubled += talk.doubled;
      incoming.hangUp();
      log.info(
        { ...facts, request: call.request.type, outcome, ms: Math.round(clock.now() - began) },
        'login call ended',
      );
    }

    /** The machine knows best how the call stood; before it runs, it was abandoned. */
    function hangUp(): void {
      if (dialogue === undefined) end('abandoned');
      else dialogue.feed({ type: 'hangup' });
    }

    incoming.onEnd = hangUp;
    incoming.onInfo = (contentType, body) => {
      const digit = readInfoDigit(contentType, body);
      if (digit === undefined) counters.unread++;
      else talk.info(digit);
      return digit !== undefined;
    };
    incoming.onAck = () => {
      if (dialogue !== undefined || !running.has(entry)) return; // the ACK of a re-INVITE, or too late
      dialogue = startDialogue({
        request: call.request,
        device: call.device,
        sessions,
        clock,
        say: (prompt: Prompt) => talk.play(voices[language][prompt]),
        hush: talk.hush,
        onEnd: end,
        log,
      });
      for (const digit of early) dialogue.feed({ type: 'digit', digit });
    };

    const refusal = await agree(talk, incoming.offer, facts, log);
    if (!running.has(entry)) return; // cancelled meanwhile
    if (refusal !== undefined) {
      counters[refusal === 488 ? 'unacceptable' : 'unavailable']++;
      incoming.onEnd = () => {};
      incoming.reject(refusal);
      end('failed');
      return;
    }
    try {
      await incoming.accept({ offer: (sdp) => reoffer(talk, sdp), answer: talk.answer });
    } catch (err) {
      log.debug({ ...facts, err }, 'login call ended before it was answered');
      end('abandoned');
    }
  }

  return line;
}

/** The status to refuse with, or undefined when the talk stands. */
async function agree(
  talk: Talk,
  offer: string | undefined,
  facts: object,
  log: Log,
): Promise<488 | 480 | undefined> {
  try {
    return offer !== undefined && (await talk.offer(offer)) === 'agreed' ? undefined : 488;
  } catch (err) {
    if (Fault.is(err, 'sdp.malformed')) return 488;
    log.warn({ ...facts, err }, 'login call: no media');
    return 480;
  }
}

/** Rejecting makes sip.js answer the re-INVITE 488; the call goes on as it was (RFC 3261 14.2). */
async function reoffer(talk: Talk, sdp: string): Promise<void> {
  if ((await talk.offer(sdp)) !== 'agreed')
    throw new Fault('sdp.malformed', 'nothing in the offer can be used');
}
