/**
 * A registration, kept up (RFC 3261 10.2).
 *
 *     REGISTER ─ 401 ─ REGISTER with digest ─ 200 ─ half of the expiry ─ REGISTER with the same nonce ─ …
 *                        └ anything else: told, and tried again after 1, 2, 4 … 30 s
 *
 * As phones do it: one Call-ID for the account's life, and the next REGISTER begins
 * with the nonce of the last one.
 */

import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { answerChallenge, type Challenge, chooseChallenge } from '#protocol/sip/digest.ts';
import { createRequest, type SipMessage } from '#protocol/sip/message.ts';
import { formatNameAddr, parseNameAddr } from '#protocol/sip/name-addr.ts';
import { encodeText, formatHost } from '#protocol/sip/scan.ts';
import type { Account } from './make.ts';
import { resolveHost, type Wire } from './wire.ts';

export type RegistrationOptions = {
  wire: Wire;
  account: Account;
  userAgent: string;
  /** Behind the address in Contact. */
  contactParams?: string;
  clock: Clock;
  token: () => string;
  /** User part of the AOR, when it is not the account's own. */
  aor?: string;
  /** One attempt, whatever comes of it. */
  isOnce?: boolean;
  onRegistered(expiresSeconds: number): void;
  onFailed(status: number): void;
};

export type Registration = {
  /** The connection it came by is gone: registers anew, soon. */
  lost(): void;
  close(): void;
};

const retrySeconds = [1, 2, 4, 8, 16, 30] as const;
const maxWaitSeconds = 86_400;

export function createRegistration({
  wire,
  account,
  userAgent,
  contactParams = '',
  clock,
  token,
  aor = account.userName,
  isOnce = false,
  onRegistered,
  onFailed,
}: RegistrationOptions): Registration {
  const { address, port } = wire.local;
  const way = wire.transport === 'udp' ? '' : `;transport=${wire.transport}`;
  const contact = `sip:${aor}@${formatHost(address)}:${port}${way}`;
  const server = `${formatHost(account.server.host)}:${account.server.port}`;
  const callId = `${token()}@${address}`;
  const fromTag = token();
  const display = account.displayName === '' ? {} : { display: encodeText(account.displayName) };
  let cseq = 0;
  let expires = account.expiresSeconds;
  let challenge: Challenge | undefined;
  let nonceCount = 0;
  let failures = 0;
  let isClosed = false;
  /** What is still heard of an attempt before the last counts for nothing. */
  let attempt = 0;
  let cancelTimer = () => {};

  async function begin(): Promise<void> {
    try {
      const peer = { address: await resolveHost(account.server.host), port: account.server.port };
      if (!isClosed) send(peer, { mayAnswer: true, mayLengthen: true });
    } catch {
      fail(503); // RFC 3263 4.3: a name without an address
    }
  }

  type Allowance = { mayAnswer: boolean; mayLengthen: boolean };

  function send(peer: HostPort, allowance: Allowance): void {
    const mine = ++attempt;
    wire.request(toRequest(), peer, {
      response: (answer) => {
        if (!isClosed && mine === attempt) take(answer, peer, allowance);
      },
      end: (why) => {
        if (!isClosed && mine === attempt && why !== 'done') fail(why === 'timeout' ? 408 : 503);
      },
    });
  }

  function toRequest(): SipMessage {
    cseq++;
    const uri = `sip:${server}`;
    const identity = { ...display, uri: `sip:${aor}@${server}` };
    const credentials =
      challenge === undefined
        ? undefined
        : answerChallenge(challenge, {
            method: 'REGISTER',
            uri,
            username: account.authName,
            password: account.password,
            cnonce: token(),
            nc: ++nonceCount,
          });
    return createRequest({
      method: 'REGISTER',
      uri,
      headers: [
        ['From', formatNameAddr({ ...identity, params: new Map([['tag', fromTag]]) })],
        ['To', formatNameAddr({ ...identity, params: new Map() })],
        ['Call-ID', callId],
        ['CSeq', `${cseq} REGISTER`],
        ['Contact', `<${contact}>${contactParams}`],
        ...(credentials === undefined ? [] : [['Authorization', credentials] as const]),
        ['Allow', 'INVITE, INFO, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER, MESSAGE'],
        ['Max-Forwards', '70'],
        ['User-Agent', userAgent],
        ['Expires', String(expires)],
        ['Allow-Events', 'talk,hold,conference,refer,check-sync'],
      ],
    });
  }

  function take(answer: SipMessage, peer: HostPort, { mayAnswer, mayLengthen }: Allowance): void {
    const status = answer.start.type === 'response' ? answer.start.status : 0;
    if (status < 200) return;
    const minimum = Number(answer.get('Min-Expires'));
    if (status < 300) {
      succeed(answer);
    } else if (status === 401 && isWorthAnswering(answer, mayAnswer)) {
      send(peer, { mayAnswer: false, mayLengthen });
    } else if (status === 423 && mayLengthen && minimum > expires) {
      expires = Math.min(minimum, 2 ** 31 - 1);
      send(peer, { mayAnswer: true, mayLengthen: false });
    } else {
      fail(status, Number(answer.get('Retry-After')?.match(/^\d+/)?.[0] ?? 0));
    }
  }

  /** A second 401 to the same attempt means that the password is wrong: the first may have meant an old nonce. */
  function isWorthAnswering(answer: SipMessage, mayAnswer: boolean): boolean {
    challenge = chooseChallenge(answer.getAll('WWW-Authenticate'));
    nonceCount = 0;
    return challenge !== undefined && mayAnswer;
  }

  function succeed(answer: SipMessage): void {
    failures = 0;
    const granted = grantedSeconds(answer, contact) ?? expires;
    onRegistered(granted);
    wait(Math.max(1, granted) / 2);
  }

  function fail(status: number, retryAfterSeconds = 0): void {
    onFailed(status);
    const backOff = retrySeconds[Math.min(failures++, retrySeconds.length - 1)] ?? 30;
    wait(Math.max(backOff, retryAfterSeconds));
  }

  function wait(seconds: number): void {
    if (isOnce || isClosed) return;
    cancelTimer = clock.after(Math.min(seconds, maxWaitSeconds) * 1_000, () => void begin());
  }

  void begin();
  return {
    lost() {
      if (isClosed) return;
      attempt++;
      cancelTimer();
      fail(503);
    },
    close() {
      isClosed = true;
      cancelTimer();
    },
  };
}

/** RFC 3261 10.2.4: of our own Contact among those the registrar lists, else Expires. */
function grantedSeconds(answer: SipMessage, contact: string): number | undefined {
  const own = answer
    .getAll('Contact')
    .map(parseNameAddr)
    .find(({ uri }) => uri === contact);
  const text = own?.params.get('expires') ?? answer.get('Expires');
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
