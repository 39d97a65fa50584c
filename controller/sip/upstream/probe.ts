/**
 * OPTIONS to one address of an upstream, again and again: does it answer? Any
 * answer but a 5xx says yes, for 404 or 405 also comes from somebody who lives.
 */

import { hostFacing, type UpstreamPeer, viaFacing } from '#controller/sip/peer.ts';
import type { Clock } from '#protocol/clock.ts';
import { createRequest } from '#protocol/sip/message.ts';
import type { UpstreamClient } from './client.ts';

export type ProbeOptions = {
  /** Undefined while there is no socket. */
  peer(): UpstreamPeer | undefined;
  everyMs: number;
  ask: UpstreamClient['ask'];
  clock: Clock;
  random: (bytes: number) => Uint8Array;
  onResult(peer: UpstreamPeer, isAlive: boolean): void;
  /** Nothing at all was answered for so long. */
  onSilence(peer: UpstreamPeer, ms: number): void;
  answerMs?: number;
};

export type Probe = {
  /** Asks at once, in place of a question that is on its way, and from then on as often as before. */
  ask(): void;
  end(): void;
};

export function startProbe(options: ProbeOptions): Probe {
  const { peer: peerOf, everyMs, ask, clock, random, onResult } = options;
  const answerMs = Math.min(options.answerMs ?? 4_000, everyMs);
  const token = () => Buffer.from(random(12)).toString('base64url');
  let cancelTimer = clock.after(0, probe);
  let forget = () => {};

  function probe(): void {
    cancelTimer = clock.after(everyMs, probe);
    const peer = peerOf();
    if (peer === undefined) return;
    let isOver = false;
    const tell = (isAlive: boolean) => {
      if (isOver) return;
      isOver = true;
      cancelDeadline();
      onResult(peer, isAlive);
    };
    const cancelDeadline = clock.after(answerMs, () => {
      tell(false);
      options.onSilence(peer, answerMs);
    });
    forget = () => {
      isOver = true;
      cancelDeadline();
    };
    const host = hostFacing(peer);
    const question = createRequest({
      method: 'OPTIONS',
      uri: `sip:${peer.domain}`,
      headers: [
        ['Via', viaFacing(peer, `z9hG4bK${token()}`)],
        ['Max-Forwards', '70'],
        ['From', `<sip:hotdesk@${host}>;tag=${token()}`],
        ['To', `<sip:${peer.domain}>`],
        ['Call-ID', token()],
        ['CSeq', '1 OPTIONS'],
        ['Contact', `<sip:hotdesk@${host}>`],
        ['Accept', 'application/sdp'],
      ],
    });
    ask(question, peer, {
      response({ start }) {
        if (start.type === 'response' && start.status >= 200) tell(start.status < 500 || start.status >= 600);
      },
      end: (why) => {
        if (why !== 'done') tell(false);
      },
    });
  }

  /** A question that is on its way is none any more: its silence says nothing of what came since. */
  function end(): void {
    cancelTimer();
    forget();
  }

  return {
    ask() {
      end();
      probe();
    },
    end,
  };
}
