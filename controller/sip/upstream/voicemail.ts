/**
 * Voicemail lamps (RFC 3842): what a PBX tells of a user's mailbox goes to the
 * phones where the user is logged in, and to no others.
 *
 *     PBX ── NOTIFY, asked for or not ── summary of the user ─┬─ a phone that subscribed: its subscription
 *                                                             └─ the rest: a NOTIFY unasked, as most take it
 *     login     the phone registers as the user → what is known, at once
 *     logout    Messages-Waiting: no, so that the next one does not see the last one's lamp
 *
 * Memory only: after a restart the PBX is asked again.
 */

import type { Session } from '#controller/model/model.ts';
import type { Changed, Flows, RegistrationState, Store } from '#controller/model/ports.ts';
import type { Directory } from '#controller/sip/directory.ts';
import type { EventPackage } from '#controller/sip/notifier.ts';
import { hostFacing, type Peer, type UpstreamPeer, viaFacing } from '#controller/sip/peer.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { createRequest, type SipMessage } from '#protocol/sip/message.ts';
import type { Transactions } from '#protocol/sip/transactions.ts';
import type { UpstreamClient } from './client.ts';
import { calledThere } from './incoming.ts';
import {
  formatSummary,
  isSameSummary,
  noMessages,
  parseSummary,
  type Summary,
  summaryType,
} from './message-summary.ts';
import { type SummarySubscription, subscribeToSummary } from './summary-subscription.ts';

export type Voicemail = {
  /** For the notifier: phones that subscribe. */
  readonly package: EventPackage;
  /** A NOTIFY of an upstream; the status it is answered with. */
  notified(request: SipMessage, peer: UpstreamPeer): number;
  /** A user is, or is no longer, registered at a PBX. */
  registration(state: RegistrationState): void;
  summaryOf(extension: string): Summary | undefined;
  close(): void;
};

export type VoicemailOptions = {
  store: Store;
  flows: Pick<Flows, 'isUp'>;
  directory: Pick<Directory, 'devicesOf' | 'bindingOf'>;
  transactions: Pick<Transactions<Peer>, 'request'>;
  ask: UpstreamClient['ask'];
  peerOf(upstream: string, account: string): UpstreamPeer | undefined;
  /** Told to the notifier; whether the device has a subscription of its own. */
  changed(extension: string): void;
  isWatching(device: string): boolean;
  clock: Clock;
  random: (bytes: number) => Uint8Array;
};

const event = 'message-summary';

export function createVoicemail(options: VoicemailOptions): Voicemail {
  const { store, flows, directory, transactions, ask, clock, random } = options;
  const summaries = new Map<string, Summary>();
  const asked = new Map<string, SummarySubscription>();
  const token = () => Buffer.from(random(12)).toString('base64url');

  // --- to the phones ------------------------------------------------------------------

  /** RFC 3842 4.5 wants a subscription; phones that have none take it all the same, and others answer 481. */
  function tell(device: string, extension: string, summary: Summary): void {
    const binding = directory.bindingOf(device);
    if (binding === undefined || !flows.isUp(binding.flow)) return;
    const peer: Peer = { type: 'flow', flow: binding.flow };
    const host = hostFacing(peer);
    const notify = createRequest({
      method: 'NOTIFY',
      uri: binding.contact,
      headers: [
        ['Via', viaFacing(peer, `z9hG4bK${token()}`)],
        ['Max-Forwards', '70'],
        ['From', `<sip:${extension}@${host}>;tag=${token()}`],
        ['To', `<sip:${extension}@${host}>`],
        ['Call-ID', token()],
        ['CSeq', '1 NOTIFY'],
        ['Contact', `<sip:hotdesk@${host}>`],
        ['Event', event],
        ['Subscription-State', 'active'],
        ['Content-Type', summaryType],
      ],
      body: formatSummary(summary, `sip:${extension}@${host}`),
    });
    try {
      transactions.request(notify, peer, { response: () => undefined });
    } catch (error) {
      // Too busy: the lamp comes with the next change.
      if (!Fault.is(error)) throw error;
    }
  }

  function tellAll(extension: string): void {
    options.changed(extension);
    const summary = summaries.get(extension) ?? noMessages;
    for (const device of directory.devicesOf(extension)) {
      if (!options.isWatching(device)) tell(device, extension, summary);
    }
  }

  function onChanged({ collection, id, before, after }: Changed): void {
    if (collection === 'sessions' && before !== undefined) {
      const { extension } = before as unknown as Session;
      const next = (after as unknown as Session | undefined)?.extension;
      if (next !== extension) left(id, extension);
    }
    if (collection === 'bindings' && aorOf(after) !== aorOf(before)) arrived(id, aorOf(after));
  }

  function left(device: string, extension: string): void {
    if (summaries.has(extension)) tell(device, extension, noMessages);
    if (directory.devicesOf(extension).length === 0) forget(extension);
  }

  /** The phone shows the user now, and may show the lamp. */
  function arrived(device: string, aor: string | undefined): void {
    const summary = aor === undefined ? undefined : summaries.get(aor);
    if (aor === undefined || summary === undefined || options.isWatching(device)) return;
    if (store.get('sessions', device)?.extension === aor) tell(device, aor, summary);
  }

  function forget(extension: string): void {
    summaries.delete(extension);
    asked.get(extension)?.close();
    asked.delete(extension);
  }

  /** An upstream tells of its own users, and only while they are logged in. */
  function userOf(notify: SipMessage, upstream: string): string | undefined {
    const extension = calledThere(notify, store.get('upstreams', upstream));
    const user = extension === undefined ? undefined : store.get('users', extension);
    if (user === undefined || (user.upstream?.id ?? upstream) !== upstream) return undefined;
    return directory.devicesOf(user.extension).length === 0 ? undefined : user.extension;
  }

  // --- from the PBX ---------------------------------------------------------------------

  function take(extension: string, summary: Summary): void {
    if (isSameSummary(summaries.get(extension), summary)) return;
    summaries.set(extension, summary);
    tellAll(extension);
  }

  const unwatch = store.watch((changes) => changes.forEach(onChanged));
  return {
    package: {
      event,
      contentType: summaryType,
      denial: ({ extension }, resource) =>
        extension === resource ? undefined : { status: 403, reason: 'Not your mailbox' },
      body: (extension, host) => {
        const body = formatSummary(summaries.get(extension) ?? noMessages, `sip:${extension}@${host}`);
        return () => body;
      },
    },

    notified(notify, { upstream: id }) {
      if ((notify.get('Event') ?? '').split(';')[0]?.trim().toLowerCase() !== event) return 489;
      const extension = userOf(notify, id);
      const mine = extension === undefined ? undefined : asked.get(extension);
      if (extension === undefined) return 481;
      if (notify.to.params.has('tag') && mine?.callId !== notify.callId) return 481;
      const summary = parseSummary(notify.body);
      if (summary !== undefined) take(extension, summary);
      if (mine?.callId === notify.callId && isTerminated(notify)) mine.again();
      return 200;
    },

    registration({ extension, upstream, state }) {
      if (state !== 'registered') return;
      const before = asked.get(extension);
      if (before !== undefined) {
        // The PBX was away and may have forgotten it.
        before.again();
        return;
      }
      const peer = () => options.peerOf(upstream, extension);
      asked.set(extension, subscribeToSummary({ extension, peer, ask, clock, random }));
    },

    summaryOf: (extension) => summaries.get(extension),
    close() {
      unwatch();
      asked.clear();
      summaries.clear();
    },
  };
}

const aorOf = (document: Changed['after']) =>
  document !== undefined && 'aor' in document ? document.aor : undefined;

const isTerminated = (notify: SipMessage) =>
  /^\s*terminated\b/i.test(notify.get('Subscription-State') ?? '') &&
  !/reason\s*=\s*(?:rejected|noresource|giveup)/i.test(notify.get('Subscription-State') ?? '');
