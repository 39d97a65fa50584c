/**
 * One SUBSCRIBE for the dialog event (RFC 4235, RFC 6665) at an upstream, on
 * behalf of all phones that watch that number: asked, refreshed, asked again
 * with a growing pause where it is refused or not answered, and ended.
 *
 *     asking ── 2xx or its first NOTIFY ── kept ── refresh at 4/5 of what was granted
 *        ↑                                  │
 *        └── pause, twice as long each time ┴── refused, silent, terminated: nothing is known
 */

import { hostFacing, transportParam, type UpstreamPeer, viaFacing } from '#controller/sip/peer.ts';
import type { Clock } from '#protocol/clock.ts';
import { createRequest, type HeaderList, type SipMessage } from '#protocol/sip/message.ts';
import type { UpstreamClient } from './client.ts';
import { type Dialog, dialogIn } from './summary-subscription.ts';

export type LampSubscriptionOptions = {
  number: string;
  /** The user it is asked as. */
  extension: string;
  peer(): UpstreamPeer | undefined;
  ask: UpstreamClient['ask'];
  /** What was known holds no longer. */
  onLost(): void;
  clock: Clock;
  random: (bytes: number) => Uint8Array;
};

export type LampSubscription = {
  readonly extension: string;
  /** The address that keeps it. */
  readonly remote: UpstreamPeer['remote'] | undefined;
  /** A NOTIFY of this subscription, in order: 200; else what it is answered with. */
  accept(notify: SipMessage): number;
  /** As its Subscription-State says, after `accept`. False: it is over. */
  follow(notify: SipMessage): boolean;
  /** From the beginning, after `ms`. */
  again(ms: number): void;
  /** A pause need not last longer than `ms`. */
  retry(ms: number): void;
  close(): void;
  /** Without a word to the upstream. */
  drop(): void;
};

/** Short: how long a lamp may lie when an upstream goes without a word and is not probed. */
const expiresSeconds = 600;
const firstPauseMs = 2_000;
const maxPauseMs = 600_000;
/** Refused for good, as far as it can be known: PBXs are configured anew, too. */
const refusedPauseMs = 300_000;

export function subscribeToLamp(options: LampSubscriptionOptions): LampSubscription {
  const { number, extension, clock, random, onLost } = options;
  const token = () => Buffer.from(random(12)).toString('base64url');
  let callId = token();
  let tag = token();
  let cseq = 0;
  let wanted = expiresSeconds;
  let failures = 0;
  let peer: UpstreamPeer | undefined;
  let dialog: Dialog | undefined;
  /** Of the upstream's end: whoever spoke first, where the request was forked. */
  let far: { tag: string; cseq: number } | undefined;
  let isClosed = false;
  let isPaused = false;
  let cancelTimer = clock.after(0, ask);

  function build(to: UpstreamPeer, expires: number): SipMessage {
    const own = `${to.prefix}${extension}`;
    const watched = `sip:${number.replaceAll('#', '%23')}@${to.domain}`;
    const headers: HeaderList = [
      ['Via', viaFacing(to, `z9hG4bK${token()}`)],
      ['Max-Forwards', '70'],
      ...(dialog?.routes ?? []).map((route) => ['Route', route] as const),
      ['From', `<sip:${own}@${to.domain}>;tag=${tag}`],
      ['To', dialog?.to ?? `<${watched}>`],
      ['Call-ID', callId],
      ['CSeq', `${++cseq} SUBSCRIBE`],
      ['Contact', `<sip:${own}@${hostFacing(to)}${transportParam(to)}>`],
      ['Event', 'dialog'],
      ['Accept', 'application/dialog-info+xml'],
      ['Expires', String(expires)],
    ];
    return createRequest({ method: 'SUBSCRIBE', uri: dialog?.target ?? watched, headers });
  }

  function ask(): void {
    cancelTimer();
    isPaused = false;
    // Within the dialog at the address that has it; a new one at the best there is.
    peer = dialog === undefined ? options.peer() : peer;
    if (peer === undefined) {
      fail();
      return;
    }
    const mine = callId;
    const isMine = () => !isClosed && mine === callId;
    options.ask(build(peer, wanted), peer, {
      response(response) {
        const status = response.start.type === 'response' ? response.start.status : 0;
        if (status >= 200 && isMine()) settle(response, status);
      },
      end(why) {
        if (why !== 'done' && isMine()) fail();
      },
    });
  }

  function settle(response: SipMessage, status: number): void {
    if (status < 300) {
      // Not at the first: it may be granted and ended, over and over.
      if (dialog !== undefined) failures = 0;
      dialog = dialogIn(response) ?? dialog;
      const granted = Number(response.get('Expires') ?? wanted);
      later(refreshMs(granted));
      return;
    }
    const least = Number(response.get('Min-Expires'));
    if (status === 423 && least > wanted && least <= 86_400) {
      wanted = least;
      later(0);
    } else fail(status < 500 && ![408, 423, 480, 481].includes(status) ? refusedPauseMs : 0);
  }

  const refreshMs = (granted: number) =>
    (granted >= 10 && granted <= 86_400 ? granted : expiresSeconds) * 800;

  function later(ms: number): void {
    cancelTimer();
    cancelTimer = clock.after(ms, ask);
  }

  function fail(leastMs = 0): void {
    const pause = Math.max(leastMs, Math.min(maxPauseMs, firstPauseMs * 2 ** Math.min(failures++, 16)));
    // All of a PBX's lamps fail together, and should not come back together.
    startAnew(pause + ((random(1)[0] ?? 0) / 256) * pause * 0.25);
    isPaused = true;
  }

  function startAnew(ms: number): void {
    if (isClosed) return;
    dialog = undefined;
    far = undefined;
    callId = token();
    tag = token();
    later(ms);
    onLost();
  }

  return {
    extension,
    get remote() {
      return peer?.remote;
    },

    accept(notify) {
      const theirs = notify.from.params.get('tag');
      const isOurs = notify.callId === callId && notify.to.params.get('tag') === tag;
      if (!isOurs || theirs === undefined || (far !== undefined && far.tag !== theirs)) return 481;
      // RFC 3261 12.2.2: what was overtaken on the way.
      if (far !== undefined && notify.cseq.number <= far.cseq) return 500;
      far = { tag: theirs, cseq: notify.cseq.number };
      return 200;
    },

    follow(notify) {
      const said = notify.get('Subscription-State') ?? '';
      if (!/^\s*terminated\b/i.test(said)) {
        const left = Number(/;\s*expires\s*=\s*([0-9]{1,6})/i.exec(said)?.[1]);
        // RFC 6665 4.1.2.1: the NOTIFY may shorten it.
        if (left >= 10 && left < wanted) later(refreshMs(left));
        return true;
      }
      // RFC 6665 4.1.3.
      const isFinal = /;\s*reason\s*=\s*(?:rejected|noresource|invariant)\b/i.test(said);
      const pause = Number(/;\s*retry-after\s*=\s*([0-9]{1,5})/i.exec(said)?.[1] ?? 0);
      fail(isFinal ? refusedPauseMs : pause * 1_000);
      return false;
    },

    again: startAnew,
    retry(ms) {
      if (isPaused && !isClosed) later(ms);
    },

    drop() {
      cancelTimer();
      isClosed = true;
    },
    close() {
      cancelTimer();
      if (isClosed) return;
      isClosed = true;
      if (dialog !== undefined && peer !== undefined)
        options.ask(build(peer, 0), peer, { response: () => undefined });
    },
  };
}
