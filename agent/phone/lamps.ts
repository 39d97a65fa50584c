/**
 * The lamps of the phone's BLF keys: a subscription each to the `dialog` event
 * of the number on the key (RFC 6665, RFC 4235), kept up as a phone does.
 *
 *     SUBSCRIBE ─ 401 ─ SUBSCRIBE with digest ─ 200 ─ NOTIFY … ─ half of the expiry ─ SUBSCRIBE …
 *                        └ anything else: dark, and tried again after 30 s
 *
 * `idle`, `ringing` or `busy` is told once for each change, the first time too.
 */

import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { answerChallenge, chooseChallenge } from '#protocol/sip/digest.ts';
import { createRequest, createResponse, type SipMessage } from '#protocol/sip/message.ts';
import { formatHost } from '#protocol/sip/scan.ts';
import type { ServerTransaction } from '#protocol/sip/transactions.ts';
import type { Account, LineKey } from './make.ts';
import { resolveHost, type Wire } from './wire.ts';

export type LampState = 'idle' | 'ringing' | 'busy';

export type LampsOptions = {
  wire: Pick<Wire, 'local' | 'request'>;
  clock: Clock;
  token: () => string;
  userAgent(): string;
  keys(): readonly LineKey[];
  onLamp(position: number, state: LampState): void;
};

export type Lamps = {
  /** The phone is registered: every BLF key subscribes, unless they have. */
  light(account: Account): void;
  /** The keys may have changed: those that are lit begin anew. */
  renew(): void;
  dark(): void;
  /** True: it is a NOTIFY of one of them, and answered. */
  take(transaction: ServerTransaction<HostPort>): boolean;
};

type Lamp = { take: Lamps['take']; close(): void };

const expiresSeconds = 600;
const retryMs = 30_000;

export function createLamps(options: LampsOptions): Lamps {
  let account: Account | undefined;
  let shown = '';
  let lamps: readonly Lamp[] = [];

  function dark(): void {
    for (const lamp of lamps) lamp.close();
    lamps = [];
    shown = '';
    account = undefined;
  }

  function light(to: Account): void {
    const keys = options.keys().filter(({ type, value }) => type === 'blf' && value !== '');
    const wanted = JSON.stringify([to, keys]);
    if (wanted === shown) return;
    dark();
    account = to;
    shown = wanted;
    lamps = keys.map((key) => createLamp(key, to, options));
  }

  return {
    light,
    dark,
    renew() {
      if (account !== undefined) light(account);
    },
    take: (transaction) => lamps.some((lamp) => lamp.take(transaction)),
  };
}

function createLamp(
  { position, value }: LineKey,
  account: Account,
  { wire, userAgent, clock, token, onLamp }: LampsOptions,
): Lamp {
  const server = `${formatHost(account.server.host)}:${account.server.port}`;
  const watched = `sip:${value}@${server}`;
  let dialog = { callId: token(), fromTag: token(), toTag: '', cseq: 0, remote: watched };
  let shown: LampState | undefined;
  let isClosed = false;
  let cancelTimer = () => {};

  async function begin(): Promise<void> {
    try {
      const peer = { address: await resolveHost(account.server.host), port: account.server.port };
      if (!isClosed) send(peer, undefined);
    } catch {
      again(); // a name without an address
    }
  }

  function send(peer: HostPort, refusal: SipMessage | undefined): void {
    wire.request(toRequest(refusal), peer, {
      response: (answer) => {
        if (!isClosed) onAnswer(answer, peer, refusal === undefined);
      },
      end: (why) => {
        if (!isClosed && why !== 'done') again();
      },
    });
  }

  function onAnswer(answer: SipMessage, peer: HostPort, mayAnswer: boolean): void {
    const status = answer.start.type === 'response' ? answer.start.status : 0;
    if (status < 200) return;
    if (mayAnswer && (status === 401 || status === 407)) send(peer, answer);
    else if (status < 300) subscribed(answer);
    else again();
  }

  function toRequest(refusal: SipMessage | undefined): SipMessage {
    dialog.cseq++;
    const { address, port } = wire.local;
    const to = dialog.toTag === '' ? `<${watched}>` : `<${watched}>;tag=${dialog.toTag}`;
    const request = createRequest({
      method: 'SUBSCRIBE',
      uri: dialog.remote,
      headers: [
        ['Max-Forwards', '70'],
        ['From', `<sip:${account.userName}@${server}>;tag=${dialog.fromTag}`],
        ['To', to],
        ['Call-ID', dialog.callId],
        ['CSeq', `${dialog.cseq} SUBSCRIBE`],
        ['Contact', `<sip:${account.userName}@${formatHost(address)}:${port}>`],
        ['Event', 'dialog'],
        ['Accept', 'application/dialog-info+xml'],
        ['Expires', String(expiresSeconds)],
        ['User-Agent', userAgent()],
      ],
    });
    const isProxy = refusal?.start.type === 'response' && refusal.start.status === 407;
    const challenge = chooseChallenge(
      refusal?.getAll(isProxy ? 'Proxy-Authenticate' : 'WWW-Authenticate') ?? [],
    );
    if (challenge !== undefined) {
      const parts = { method: 'SUBSCRIBE', uri: dialog.remote, username: account.authName };
      const answer = answerChallenge(challenge, {
        ...parts,
        password: account.password,
        cnonce: token(),
        nc: 1,
      });
      request.set(isProxy ? 'Proxy-Authorization' : 'Authorization', answer);
    }
    return request;
  }

  function subscribed(answer: SipMessage): void {
    dialog.toTag = answer.to.params.get('tag') ?? '';
    const granted = Number(answer.get('Expires') ?? expiresSeconds);
    wait(Math.max(1, granted / 2) * 1_000);
  }

  /** A new subscription, after a while. */
  function again(): void {
    show('idle');
    dialog = { ...dialog, callId: token(), fromTag: token(), toTag: '', cseq: 0 };
    wait(retryMs);
  }

  function wait(ms: number): void {
    cancelTimer();
    cancelTimer = clock.after(ms, () => void begin());
  }

  function show(state: LampState): void {
    if (state === shown) return;
    shown = state;
    onLamp(position, state);
  }

  void begin();
  return {
    take(transaction) {
      const { request } = transaction;
      const isOurs = request.callId === dialog.callId && request.to.params.get('tag') === dialog.fromTag;
      if (isClosed || request.method !== 'NOTIFY' || !isOurs) return false;
      transaction.respond(createResponse(request, 200));
      if (request.body.length > 0) show(stateIn(Buffer.from(request.body).toString()));
      if (/^terminated\b/i.test(request.get('Subscription-State') ?? '')) again();
      return true;
    },
    close() {
      isClosed = true;
      cancelTimer();
    },
  };
}

/** Of all dialogs the one that matters most: talking before ringing, ringing before nothing. */
function stateIn(body: string): LampState {
  const states = [...body.matchAll(/<dialog\b([^>]*)>\s*<state>(\w+)<\/state>/g)].map(
    ([, attributes = '', state = '']) => {
      if (state === 'terminated') return 'idle';
      return state === 'confirmed' || /direction="initiator"/.test(attributes) ? 'busy' : 'ringing';
    },
  );
  if (states.includes('busy')) return 'busy';
  return states.includes('ringing') ? 'ringing' : 'idle';
}
