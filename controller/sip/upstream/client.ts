/**
 * Requests to an upstream. It stands where the transactions would: what goes to
 * a phone passes through, what goes to a PBX gets its number (./numbering.ts),
 * and a 401 or 407 is answered here, with a password that no phone has.
 *
 * An INVITE that nobody answers at all is given up after `patienceMs` when there
 * is another address to try; Timer B would take half a minute. Should the silent
 * one answer after all, it gets its CANCEL, and a 2xx goes to the caller as any.
 */

import type { Peer, UpstreamPeer } from '#controller/sip/peer.ts';
import { viaFacing } from '#controller/sip/peer.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { answerChallenge, type Challenge, chooseChallenge } from '#protocol/sip/digest.ts';
import type { HeaderList, SipMessage } from '#protocol/sip/message.ts';
import type { ClientTransaction, OnClient, Transactions } from '#protocol/sip/transactions.ts';
import { createDialogMemory, type DialogMemory, type Remembered } from './memory.ts';
import { type Asked, freshNumbering, type Numbered, numberAgain, numberRequest } from './numbering.ts';

export type Credential = { username: string; password: string };

export type UpstreamClientOptions = {
  transactions: Pick<Transactions<Peer>, 'request'>;
  clock: Clock;
  random: (bytes: number) => Uint8Array;
  credentialOf(peer: UpstreamPeer): Credential | undefined;
  /** Another address of the same could be tried. */
  hasOther(peer: UpstreamPeer): boolean;
  /** It answered, or did not; once a request. */
  onOutcome(peer: UpstreamPeer, isAlive: boolean): void;
  patienceMs?: number;
};

export type UpstreamClient = Pick<Transactions<Peer>, 'request'> & {
  /** For our own questions: too many transactions are an answer that did not come, not a fault. */
  ask(message: SipMessage, peer: UpstreamPeer, on: OnClient): void;
  /** An ACK to a 2xx: numbered, with the credentials of its INVITE. */
  ack(message: SipMessage, peer: Peer): SipMessage;
  readonly memory: DialogMemory;
};

/** Of a proxy and a registrar behind it, and each once more for a nonce that was stale. */
const maxAnswers = 4;

export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const { transactions, clock, random, credentialOf, patienceMs = 4_000 } = options;
  const memory = createDialogMemory({ clock });
  /** The last nonce of an account and how often it was used (RFC 7616 3.4). */
  const uses = new Map<string, { nonce: string; count: number }>();

  function countUse({ upstream, account }: UpstreamPeer, nonce: string): number {
    const key = `${upstream} ${account}`;
    const last = uses.get(key);
    const count = last?.nonce === nonce ? last.count + 1 : 1;
    uses.set(key, { nonce, count });
    return count;
  }

  function freshBranch(message: SipMessage, peer: Peer): void {
    // Its beginning stays: by it a loop is known (../legs.ts).
    const mark = message.topVia.params.get('branch')?.slice(0, 15) ?? 'z9hG4bK';
    message.removeFirst('Via');
    message.prepend('Via', viaFacing(peer, mark + Buffer.from(random(9)).toString('base64url')));
  }

  function credentialsFor(message: SipMessage, peer: UpstreamPeer, challenge: Challenge): string | undefined {
    const credential = credentialOf(peer);
    if (credential === undefined || message.start.type !== 'request') return undefined;
    const { method, uri } = message.start;
    const cnonce = Buffer.from(random(9)).toString('base64url');
    return answerChallenge(challenge, {
      method,
      uri,
      ...credential,
      cnonce,
      nc: countUse(peer, challenge.nonce),
    });
  }

  function send(
    message: SipMessage,
    peer: UpstreamPeer,
    on: OnClient,
    how?: { isExempt?: boolean | undefined },
  ): ClientTransaction {
    const asked = askedOf(message);
    const isProbe = asked.method === 'OPTIONS' && !message.to.params.has('tag');
    const dialog = isProbe ? forgotten() : memory.of(message, peer.offset);
    const answered = new Set<string>();
    let answers = 0;
    let isCancelled = false;
    let isGivenUp = false;
    let isTold = false;
    let cancelPatience = () => {};

    function tell(isAlive: boolean): void {
      cancelPatience();
      if (!isTold && !isProbe) options.onOutcome(peer, isAlive);
      isTold = true;
    }

    function start(): ClientTransaction {
      const mine: { transaction?: ClientTransaction } = {};
      const onMine: OnClient = {
        response: (response) => onResponse(response),
        end(why) {
          if (mine.transaction !== current) return;
          if (why !== 'done') tell(false);
          if (!isGivenUp) on.end?.(why);
        },
      };
      mine.transaction = transactions.request(message, peer, onMine, how);
      return mine.transaction;
    }

    function onResponse(response: SipMessage): void {
      const status = statusOf(response);
      tell(status !== 503);
      if ((status === 401 || status === 407) && !isCancelled && !isGivenUp && answer(response, status))
        return;
      // Whoever gave up has gone on; a 2xx is a call all the same.
      if (!isGivenUp || (status >= 200 && status < 300)) on.response(response);
    }

    /** False: it is no challenge we can answer, or the answer was wrong. */
    function answer(response: SipMessage, status: number): boolean {
      const found = challengeIn(response, status);
      if (found === undefined || isProbe || ++answers > maxAnswers) return false;
      const { challenge, gives } = found;
      const key = `${gives} ${challenge.realm}`;
      if (answered.has(key) && challenge.stale !== true) return false;
      const value = credentialsFor(message, peer, challenge);
      if (value === undefined) return false;
      answered.add(key);
      message.set(gives, value);
      return sendAgain();
    }

    /** False: there is no room for it. */
    function sendAgain(): boolean {
      stamp(message, dialog, numberAgain(dialog.numbering, asked));
      if (asked.method === 'INVITE') dialog.credentials = credentialsIn(message);
      freshBranch(message, peer);
      try {
        current = start();
        return true;
      } catch (error) {
        if (!Fault.is(error, 'limit.reached')) throw error;
        return false;
      }
    }

    stamp(message, dialog, numberRequest(dialog.numbering, asked));
    if (asked.method === 'INVITE') dialog.credentials = [];
    let current = start();
    if (asked.method === 'INVITE' && options.hasOther(peer)) {
      cancelPatience = clock.after(patienceMs, () => {
        isGivenUp = true;
        current.cancel();
        tell(false);
        on.end?.('timeout');
      });
    }
    return {
      branch: current.branch,
      cancel(extra) {
        isCancelled = true;
        current.cancel(extra);
      },
    };
  }

  return {
    memory,
    request: (message, peer, on, how) =>
      peer.type === 'upstream' ? send(message, peer, on, how) : transactions.request(message, peer, on, how),
    ask(message, peer, on) {
      try {
        send(message, peer, on);
      } catch (error) {
        if (!Fault.is(error, 'limit.reached')) throw error;
        on.end?.('transport');
      }
    },
    ack(message, peer) {
      if (peer.type !== 'upstream') return message;
      const dialog = memory.of(message, peer.offset);
      stamp(message, dialog, numberRequest(dialog.numbering, askedOf(message)));
      for (const [name, value] of dialog.credentials) message.set(name, value);
      return message;
    },
  };
}

/** A question of its own, whose answer nobody waits to go on from. */
const forgotten = (): Remembered => ({ numbering: freshNumbering, credentials: [] });

const statusOf = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);

function challengeIn(response: SipMessage, status: number) {
  const [asks, gives] =
    status === 401
      ? (['WWW-Authenticate', 'Authorization'] as const)
      : (['Proxy-Authenticate', 'Proxy-Authorization'] as const);
  const challenge = chooseChallenge(response.getAll(asks));
  return challenge && { challenge, gives };
}

const credentialsIn = (message: SipMessage): HeaderList =>
  (['Authorization', 'Proxy-Authorization'] as const).flatMap((name) => {
    const value = message.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });

/** `RAck: response-number cseq method` (RFC 3262 7.2). */
const rackPattern = /^\s*(\d{1,10})\s+(\d{1,10})\s+(\S+)\s*$/;

function askedOf(message: SipMessage): Asked {
  const rack = message.method === 'PRACK' ? rackPattern.exec(message.get('RAck') ?? '')?.[2] : undefined;
  return {
    method: message.method,
    tag: message.from.params.get('tag') ?? '',
    cseq: message.cseq.number,
    ...(rack !== undefined && { rack: Number(rack) }),
  };
}

function stamp(message: SipMessage, dialog: Remembered, { numbering, cseq, rack }: Numbered): void {
  dialog.numbering = numbering;
  message.set('CSeq', `${cseq} ${message.method}`);
  if (rack === undefined) return;
  const [, response, , method] = rackPattern.exec(message.get('RAck') ?? '') ?? [];
  message.set('RAck', `${response} ${rack} ${method}`);
}
