/**
 * Who sent it: digest (RFC 3261 22, RFC 2617) with the device's own secret.
 * What From, To or Contact say counts for nothing here.
 *
 * An unknown device, a wrong secret and a stale nonce cost the same work and
 * get the same answer. The secrets of the generations between the one the
 * phone has proven and the one it shall have are right, at most four: a phone
 * in the middle of a change-over still holds its old one.
 *
 * The digest's own `uri` is not compared with the Request-URI: phones and
 * proxies before them write the domain alone. What it would stop, the same
 * answer sent again with another target, the nonce count stops.
 */

import type { Keys } from '#controller/keys.ts';
import type { Device, Flow } from '#controller/model/model.ts';
import type { Kept, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import {
  type Algorithm,
  type Challenge,
  type Credentials,
  formatChallenge,
  isRightFor,
  parseCredentials,
} from '#protocol/sip/digest.ts';
import { createResponse, type SipMessage } from '#protocol/sip/message.ts';
import { createKeyedHash } from './keyed-hash.ts';
import { createNonces } from './nonces.ts';
import { flowKey } from './peer.ts';
import { createSecrets } from './secrets.ts';

export const realm = 'hotdesk';

export type Authenticated = {
  type: 'right';
  device: Kept<Device>;
  generation: number;
  /** The same request came before. */
  isRepeat: boolean;
  algorithm: Algorithm;
};
/** `guessed`: as whom, with a nonce that was given to him: a wrong secret, then, and nothing else. */
export type Unauthenticated = { type: 'wrong' | 'none'; isStale: boolean; guessed?: string };

export type Authentication = {
  check(request: SipMessage, flow: Flow): Authenticated | Unauthenticated;
  /** 401 or 407, made of the request alone. */
  challenge(
    request: SipMessage,
    flow: Flow,
    more: { isStale: boolean; algorithms: readonly Algorithm[] },
  ): SipMessage;
  /** To tag of an answer without a transaction: the same for the same request (RFC 3261 8.2.7). */
  tagFor(request: SipMessage): string;
};

export type AuthenticationOptions = {
  store: Store;
  keys: Keys;
  clock: Clock;
  random: (bytes: number) => Uint8Array;
};

const maxGenerations = 4;
const tagChars = 12;
const maxCredentials = 4;
/** Stands in for a device that does not exist: no device has this name. */
const nobody = { id: 'HD', generation: maxGenerations, confirmedGeneration: 1 };

/** These are for us as their server, the rest for us as a proxy (RFC 3261 22.1). */
const forServer = new Set(['OPTIONS', 'REGISTER', 'SUBSCRIBE']);
const isForServer = ({ method }: SipMessage) => forServer.has(method);

export function createAuthentication({ store, keys, clock, random }: AuthenticationOptions): Authentication {
  const nonces = createNonces({ key: keys.nonce, salt: random(16), clock });
  const secretOf = createSecrets({ keys, realm });
  const keyed = createKeyedHash(keys.nonce, 'tag');

  /** Those for our realm; `malformed`: some that nobody can read, which is as good as a wrong secret. */
  function credentialsIn(request: SipMessage): Credentials | 'malformed' | undefined {
    const values = request.getAll(isForServer(request) ? 'Authorization' : 'Proxy-Authorization');
    try {
      return values
        .slice(0, maxCredentials)
        .map((value) => parseCredentials(value))
        .find((credentials) => credentials.realm === realm);
    } catch (error) {
      if (Fault.is(error)) return 'malformed';
      throw error;
    }
  }

  /** The generation whose secret answers right. Where none does, always as many tries. */
  function generationOf(credentials: Credentials, method: string): number | undefined {
    const { algorithm } = credentials;
    const device = store.get('devices', credentials.username) ?? nobody;
    const oldest = Math.max(1, device.confirmedGeneration);
    for (let tried = 0; tried < maxGenerations; tried++) {
      const generation = device.generation - tried;
      const secret = secretOf({ device: device.id, generation, algorithm });
      const isRight = isRightFor(credentials, { method, secret });
      if (isRight && generation >= oldest && device !== nobody) return generation;
    }
    return undefined;
  }

  /** Asked for twice of a request that is answered: by who authenticates it and by who answers. */
  let last: { request: SipMessage; tag: string } | undefined;

  function tagFor(request: SipMessage): string {
    if (last?.request !== request) last = { request, tag: keyed(requestKey(request)).slice(0, tagChars) };
    return last.tag;
  }

  return {
    check(request, flow) {
      const credentials = credentialsIn(request);
      if (credentials === undefined) return { type: 'none', isStale: false };
      if (credentials === 'malformed') return { type: 'wrong', isStale: false };
      const order = nonces.orderOf(credentials.nonce, flowKey(flow));
      const isStale = order === undefined;
      const generation = generationOf(credentials, request.method);
      const device = store.get('devices', credentials.username);
      if (isStale) return { type: 'wrong', isStale };
      if (generation === undefined || device === undefined)
        return { type: 'wrong', isStale, guessed: credentials.username };
      const use = nonces.use({
        device: device.id,
        order,
        // RFC 2069 clients send no count: then a nonce is good for one request.
        count: credentials.nc === undefined ? 1 : Number.parseInt(credentials.nc, 16),
        request: tagFor(request),
      });
      return use === 'replay'
        ? { type: 'wrong', isStale: true }
        : {
            type: 'right',
            device,
            generation,
            isRepeat: use === 'repeat',
            algorithm: credentials.algorithm,
          };
    },

    challenge(request, flow, { isStale, algorithms }) {
      const nonce = nonces.issue(flowKey(flow));
      const [status, name] = isForServer(request)
        ? ([401, 'WWW-Authenticate'] as const)
        : ([407, 'Proxy-Authenticate'] as const);
      // The best first (RFC 8760 2.4), for who takes the first he knows.
      const headers = algorithms.map((algorithm) => {
        const challenge: Challenge = { realm, nonce, algorithm, qop: 'auth' };
        if (isStale) challenge.stale = true;
        return [name, formatChallenge(challenge)] as const;
      });
      return createResponse(request, status, { toTag: tagFor(request), headers });
    },

    tagFor,
  };
}

/** What a retransmission has in common with its first, and nothing else has. */
function requestKey(request: SipMessage): string {
  const { topVia, callId, cseq, from } = request;
  const branch = topVia.params.get('branch') ?? '';
  return `${request.method} ${callId} ${cseq.number} ${from.params.get('tag') ?? ''} ${topVia.host} ${branch}`;
}
