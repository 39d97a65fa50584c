/** A PBX or trunk as it is typed into a form, and as the API takes it. */

import { formatHostPort, readHostPort, readWords } from './host-port.ts';
import type { Upstream } from './shapes.ts';

export type TypedUpstream = Record<
  | 'id'
  | 'mode'
  | 'transport'
  | 'addresses'
  | 'domain'
  | 'local'
  | 'authentication'
  | 'username'
  | 'secret'
  | 'numbers'
  | 'denied'
  | 'calledPrefix'
  | 'probeSeconds'
  | 'ca',
  string
>;

export function typedOf(upstream: Upstream | undefined): TypedUpstream {
  return {
    id: upstream?.id ?? '',
    mode: upstream?.mode ?? 'register',
    transport: upstream?.transport ?? 'udp',
    addresses: upstream?.addresses.map(formatHostPort).join(', ') ?? '',
    domain: upstream?.domain ?? '',
    local: upstream?.local === undefined ? '' : formatHostPort(upstream.local),
    authentication: upstream?.authentication ?? 'ip',
    username: upstream?.username ?? '',
    secret: '',
    numbers: upstream?.numbers.join(', ') ?? '',
    denied: upstream?.denied.join(', ') ?? '',
    calledPrefix: upstream?.calledPrefix ?? '',
    probeSeconds: String(upstream?.probeSeconds ?? 30),
    ca: upstream?.ca ?? '',
  };
}

/** What is left empty is taken away; of a new one it is left to the server's defaults. */
export function upstreamBody(
  typed: TypedUpstream,
  defaultRoute: boolean,
  isNew: boolean,
): Record<string, unknown> {
  const { id, mode, transport, addresses, local, secret, numbers, denied, calledPrefix, probeSeconds } =
    typed;
  const usual = transport === 'tls' ? 5061 : 5060;
  const { domain, username, ca } = typed;
  const body = {
    ...{ mode, transport, authentication: typed.authentication, defaultRoute, calledPrefix },
    addresses: readWords(addresses).map((each) => readHostPort(each, usual)),
    ...{ domain: domain || null, username: username || null, ca: ca.trim() === '' ? null : ca },
    local: local === '' ? null : readHostPort(local, 5080),
    ...{ numbers: readWords(numbers), denied: readWords(denied) },
    probeSeconds: /^\d+$/.test(probeSeconds) ? Number(probeSeconds) : probeSeconds,
    ...(secret !== '' && { secret }),
  };
  if (!isNew) return body;
  const given = Object.entries(body).filter(
    ([name, value]) => value !== null && (name !== 'denied' || denied.trim() !== ''),
  );
  return { id, ...Object.fromEntries(given) };
}
