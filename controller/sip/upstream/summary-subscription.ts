/**
 * One user's SUBSCRIBE for message-summary at a PBX (RFC 3842, RFC 6665), from
 * the registration of the user there to its end. A PBX that knows no such event,
 * or sends its NOTIFYs unasked, refuses it: then nothing is asked again until the
 * user is registered anew.
 */

import { hostFacing, transportParam, type UpstreamPeer, viaFacing } from '#controller/sip/peer.ts';
import type { Clock } from '#protocol/clock.ts';
import { createRequest, type HeaderList, type SipMessage } from '#protocol/sip/message.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import type { UpstreamClient } from './client.ts';
import { summaryType } from './message-summary.ts';

export type SummarySubscriptionOptions = {
  extension: string;
  /** The address where the user is registered now. */
  peer(): UpstreamPeer | undefined;
  ask: UpstreamClient['ask'];
  clock: Clock;
  random: (bytes: number) => Uint8Array;
};

export type SummarySubscription = {
  readonly callId: string;
  /** The PBX ended it: a new one. */
  again(): void;
  close(): void;
};

/** What the first 2xx tells: where the rest of the dialog goes. */
export type Dialog = { to: string; target: string; routes: readonly string[] };

const expiresSeconds = 3_600;
const retryMs = 60_000;

export function subscribeToSummary(options: SummarySubscriptionOptions): SummarySubscription {
  const { extension, clock, random } = options;
  const token = () => Buffer.from(random(12)).toString('base64url');
  const subscription = { callId: token() };
  let tag = token();
  let cseq = 0;
  let dialog: Dialog | undefined;
  let isClosed = false;
  let cancelTimer = clock.after(0, () => ask(expiresSeconds));

  function build(peer: UpstreamPeer, expires: number): SipMessage {
    const aor = `sip:${extension}@${peer.domain}`;
    const routes = (dialog?.routes ?? []).map((route) => ['Route', route] as const);
    const headers: HeaderList = [
      ['Via', viaFacing(peer, `z9hG4bK${token()}`)],
      ['Max-Forwards', '70'],
      ...routes,
      ['From', `<${aor}>;tag=${tag}`],
      ['To', dialog?.to ?? `<${aor}>`],
      ['Call-ID', subscription.callId],
      ['CSeq', `${++cseq} SUBSCRIBE`],
      ['Contact', `<sip:${extension}@${hostFacing(peer)}${transportParam(peer)}>`],
      ['Event', 'message-summary'],
      ['Accept', summaryType],
      ['Expires', String(expires)],
    ];
    return createRequest({ method: 'SUBSCRIBE', uri: dialog?.target ?? aor, headers });
  }

  function ask(expires: number): void {
    cancelTimer();
    const peer = options.peer();
    if (peer === undefined) return;
    options.ask(build(peer, expires), peer, {
      response(response) {
        const status = response.start.type === 'response' ? response.start.status : 0;
        if (status >= 200 && !isClosed) settle(response, status);
      },
      end(why) {
        if (why !== 'done' && !isClosed) later(retryMs);
      },
    });
  }

  function settle(response: SipMessage, status: number): void {
    if (status < 300) {
      dialog = dialogIn(response) ?? dialog;
      const granted = Number(response.get('Expires') ?? expiresSeconds);
      later((granted >= 60 && granted <= 86_400 ? granted : expiresSeconds) * 800);
    } else if (status === 481 && dialog !== undefined) startAnew();
    else if (status >= 500) later(retryMs);
  }

  function later(ms: number): void {
    cancelTimer();
    cancelTimer = clock.after(ms, () => ask(expiresSeconds));
  }

  function startAnew(): void {
    if (isClosed) return;
    dialog = undefined;
    subscription.callId = token();
    tag = token();
    later(1_000);
  }

  return {
    get callId() {
      return subscription.callId;
    },
    again: startAnew,
    close() {
      cancelTimer();
      if (isClosed) return;
      isClosed = true;
      if (dialog !== undefined) ask(0);
    },
  };
}

export function dialogIn(response: SipMessage): Dialog | undefined {
  const contact = response.get('Contact');
  const to = response.get('To');
  if (contact === undefined || to === undefined || !response.to.params.has('tag')) return undefined;
  return { to, target: parseNameAddr(contact).uri, routes: response.getAll('Record-Route').reverse() };
}
